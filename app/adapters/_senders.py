"""Who stands on a parcel in place of its supplier, as people read it in orders of the supplier's own shop."""

from __future__ import annotations

from app.purchasing.channel import SenderNote


def sender_lines(sender: SenderNote | None) -> dict[str, str]:
    """What it stands there as → the address in one line, with the telephone; empty where the supplier does."""
    if sender is None:
        return {}
    address = sender.address
    place = " ".join(part for part in (address.postal_code, address.city, address.province) if part)
    parts = (
        address.name, address.company, address.address1, address.address2, place, address.country_code, address.phone,
    )  # fmt: skip
    line = ", ".join(part for part in parts if part)
    found = {}
    if sender.as_sender:
        found["Sender on the parcel"] = line
    if sender.as_return_address:
        found["Return address on the parcel"] = line
    return found
