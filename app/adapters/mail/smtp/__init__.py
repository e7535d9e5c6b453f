"""SMTP."""

from app.adapters.mail.smtp.adapter import Smtp

ADAPTER = Smtp()
