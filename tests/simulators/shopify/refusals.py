"""What Shopify refuses: the reasons that the API gives as ``userErrors`` and the admin shows to the merchant."""

from __future__ import annotations

from collections.abc import Sequence


class Refused(Exception):
    """The change can't be made, for the caller's reasons. ``code`` is of the mutation's own error enum, or None."""

    def __init__(self, message: str, *, field: Sequence[str] | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = None if field is None else list(field)
        self.code = code

    def as_user_error(self) -> dict[str, object]:
        """As an entry of ``userErrors``."""
        return {"field": self.field, "message": self.message, "code": self.code}


class RefusedAll(Exception):
    """Several reasons at once."""

    def __init__(self, reasons: Sequence[Refused]) -> None:
        super().__init__("; ".join(reason.message for reason in reasons))
        self.reasons = list(reasons)


class UnknownRecord(Refused):
    """No record has this id."""


class NotAllowed(Refused):
    """The record's state does not permit the change."""


class UnknownVariant(Refused):
    """No variant has this id or SKU."""


class OutOfStock(Refused):
    """Fewer units are available than are to be bought."""

    def __init__(self, title: str, available: int) -> None:
        super().__init__(f"Only {available} of {title} available" if available else f"{title} is sold out")
        self.title = title
        self.available = available
