"""What becomes of SKUs that a full file no longer names. That is not the same as a stock of 0: what is sold out is
still in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.kit.errors import FieldError, Invalid

#: ``keep``: all stays as it is. ``zero``: the stock is set to 0 until the SKU comes back. ``end``: it is off sale.
POLICIES = ("keep", "zero", "end")
MOST_FILES, MOST_DAYS = 30, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPolicy:
    """``policy`` is one of ``POLICIES``. It holds once an SKU was missing in ``after_files`` files in a row and for
    ``after_days`` days."""

    policy: str = "keep"
    after_files: int = 1
    after_days: int = 0

    def check(self) -> None:
        """Raises ``Invalid``."""
        wrong = []
        if self.policy not in POLICIES:
            wrong.append(FieldError("policy", "unknown", "Choose what becomes of them."))
        for name, least, most in (("after_files", 1, MOST_FILES), ("after_days", 0, MOST_DAYS)):
            if not least <= getattr(self, name) <= most:
                wrong.append(FieldError(name, "out_of_range", f"A whole number from {least} to {most}."))
        if wrong:
            raise Invalid(wrong[0].message, errors=wrong)

    def to_json(self) -> dict[str, Any]:
        """As the audit log and a run keep it."""
        return {"policy": self.policy, "after_files": self.after_files, "after_days": self.after_days}


#: Unless a supplier chooses otherwise. Figures that nobody renews count as too old after a while in any case.
SAFE = MissingPolicy()
