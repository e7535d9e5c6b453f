"""EasyPost: https://docs.easypost.com/docs."""

from app.adapters.labels.easypost.adapter import EasyPost

ADAPTER = EasyPost()
