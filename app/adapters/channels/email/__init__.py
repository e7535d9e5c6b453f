"""An e-mail for each purchase order."""

from app.adapters.channels.email.adapter import Email

ADAPTER = Email()
