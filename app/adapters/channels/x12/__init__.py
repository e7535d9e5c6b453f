"""EDI in ANSI X12 over SFTP: purchase orders out (850, 860), answers in (855, 856, 810), receipts both ways (997)."""

from app.adapters.channels.x12.adapter import X12

ADAPTER = X12()
