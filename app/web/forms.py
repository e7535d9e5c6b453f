"""Reading a page's form value by value, and telling what is wrong beside each field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request

from app.kit.errors import AppError, FieldError, Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.web.ui.rendering import gettext

_KILOGRAMS = re.compile(r"\d{1,6}(?:\.\d{1,3})?", re.ASCII)
_PERCENT = re.compile(r"\d{1,6}(?:\.\d{1,2})?", re.ASCII)
_SEPARATORS = re.compile(r"[\s,;]+")


class Sent:
    """The form of this request. Each value is read by its kind; ``check`` raises what was found wrong."""

    def __init__(self) -> None:
        self.values = request.form
        self._wrong: list[FieldError] = []

    def text(self, name: str, *, longest: int, required: bool = False) -> str:
        """Trimmed text."""
        value = self.values.get(name, "").strip()
        if required and not value:
            self._note(name, "required", gettext(_("Please fill this in.")))
        elif len(value) > longest or "\x00" in value:
            self._note(name, "too_long", gettext(_("Use at most %(n)s characters.")) % {"n": longest})
        return value

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number."""
        value = self.values.get(name, "").strip()
        if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
            message = gettext(_("A whole number from %(least)s to %(most)s.")) % {"least": least, "most": most}
            self._note(name, "out_of_range", message)
            return least
        return int(value)

    def money(self, name: str, currency: str) -> int:
        """An amount in the currency, as minor units. A decimal comma is understood."""
        try:
            amount = Money.parse(self.values.get(name, "").strip().replace(",", "."), currency)
        except ValueError:
            self._note(name, "not_an_amount", gettext(_("An amount in %(currency)s.")) % {"currency": currency})
            return 0
        if amount.minor < 0:
            self._note(name, "out_of_range", gettext(_("Not below zero.")))
        return amount.minor

    def price(self, name: str, currency: str) -> int:
        """An amount above zero, as prices are."""
        before = len(self._wrong)
        minor = self.money(name, currency)
        if not minor and len(self._wrong) == before:
            self._note(name, "out_of_range", gettext(_("A price above zero.")))
        return minor

    def grams(self, name: str) -> int:
        """A weight in kilograms, as grams. A decimal comma is understood."""
        text = self.values.get(name, "").strip().replace(",", ".")
        if not _KILOGRAMS.fullmatch(text):
            self._note(name, "not_a_weight", gettext(_("A weight in kilograms such as 2.5.")))
            return 0
        return int(Decimal(text) * 1000)

    def basis_points(self, name: str, most: int) -> int:
        """A percentage of at most ``most``, with up to two digits after the point, as basis points."""
        text = self.values.get(name, "").strip().replace(",", ".")
        if not _PERCENT.fullmatch(text) or Decimal(text) > most:
            self._note(name, "out_of_range", gettext(_("A percentage from 0 to %(most)s.")) % {"most": most})
            return 0
        return int(Decimal(text) * 100)

    def one_of(self, name: str, known: Sequence[str], *, missing: str | None = None) -> str:
        """One of the words that the form offers; ``missing`` stands for none at all."""
        value = self.values.get(name) or missing or ""
        if value not in known:
            self._note(name, "unknown", gettext(_("Choose one.")))
            return known[0]
        return value

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A day as browsers send it."""
        text = self.values.get(name, "").strip()
        if not text and not required:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._note(name, "not_a_day", gettext(_("A day such as 2026-12-01.")))
            return None

    def words(self, name: str) -> list[str]:
        """What stands between spaces, commas and line ends."""
        return [word for word in _SEPARATORS.split(self.values.get(name, "").replace("\x00", "")) if word]

    def chosen(self, name: str) -> list[str]:
        """The boxes that were ticked."""
        return self.values.getlist(name)

    def check(self) -> None:
        """Raises ``Invalid`` with all that is wrong."""
        if self._wrong:
            raise Invalid(self._wrong[0].message, errors=self._wrong)

    def refuse(self, name: str, code: str, message: str) -> None:
        """Say that something is wrong with a field, for a reason of the page's own."""
        self._note(name, code, message)

    def _note(self, name: str, code: str, message: str) -> None:
        self._wrong.append(FieldError(name, code, message))


def problems(error: AppError) -> dict[str, Any]:
    """Field → what is wrong with it; ``form`` for what belongs to no field."""
    return {one.field: one.message for one in error.errors} or {"form": error.detail}
