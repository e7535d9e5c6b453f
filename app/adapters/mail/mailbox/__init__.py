"""The development mailbox."""

from app.adapters.mail.mailbox.adapter import Mailbox

ADAPTER = Mailbox()
