"""Spreadsheets: Excel's files, old and new, and OpenDocument's."""

from app.adapters.feeds.sheet.adapter import Sheet

ADAPTER = Sheet()
