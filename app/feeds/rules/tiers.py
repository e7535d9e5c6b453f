"""Columns and cells that tell wholesale prices by quantity: ``price_10``, ``Staffelpreis ab 10``, pairs such as
``qty_break_1`` and ``price_break_1``, and one cell with all steps, ``10=9.50 | 50=8.90``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.feeds.rules.fields import TIER_PLACES, normal
from app.feeds.rules.repeated import repeated

_PRICES = (
    "price", "preis", "prix", "precio", "prezzo", "prijs", "pris", "cena", "preco", "pret", "hinta", "cost", "ek",
    "net", "netto", "net price", "unit price", "tier price", "wholesale price", "staffelpreis", "mengenpreis",
    "staffelprijs", "quantity price", "qty price", "volume price", "bulk price", "price break", "price tier",
    "break price", "price qty", "price quantity", "ek preis", "nettopreis", "netto preis", "einkaufspreis",
    "prix degressif", "prix quantite", "precio por cantidad", "prezzo quantita", "cena hurtowa", "cena netto",
    "cena ilosciowa", "mangdpris", "prix net", "precio neto", "prezzo netto", "staffel preis", "mengen preis",
)  # fmt: skip
_FROM = (
    "ab", "from", "from qty", "at", "for", "a partir de", "des", "desde", "da", "od", "vanaf", "fra", "fran", "min",
    "min qty", "ab menge", "bei",
)  # fmt: skip
#: Units and currencies.
_UNITS = r"(?: (?:stuck|st|pcs?|pieces?|units?|uds?|pezzi|ks|stuks|db|plus|up|and up|or more|[a-z]{3}))"
_QUANTITIES = (
    "qty", "quantity", "min qty", "min quantity", "menge", "mindestmenge", "quantite", "cantidad", "quantita", "ilosc",
    "aantal", "antal", "qty break", "quantity break", "qty tier", "quantity tier", "break qty", "break quantity",
    "tier qty", "tier quantity", "staffelmenge", "staffel menge", "staffel ab", "ab menge", "price break qty",
    "price break quantity", "qty step", "step qty", "volume", "min menge",
)  # fmt: skip
_STEPS = "tier|break|step|staffel|level|price break|price tier|qty break|quantity break"


def _any_of(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_PRICE = re.compile(
    rf"(?:{_any_of(_PRICES)})(?P<said> (?:{_any_of(_FROM)}))? ?(?P<n>\d{{1,6}})(?: \d{{1,6}})?{_UNITS}*"
)
_BARE_FROM = re.compile(rf"(?:ab|from|a partir de|desde|od|vanaf|fra) (?P<n>\d{{1,6}}){_UNITS}*")
_STEP_PRICE = re.compile(rf"(?:{_STEPS}) ?(?P<n>\d{{1,2}}) (?:{_any_of(_PRICES)}){_UNITS}?")
_QUANTITY = re.compile(rf"(?:{_any_of(_QUANTITIES)}) ?(?P<n>\d{{1,2}})")
_STEP_QUANTITY = re.compile(rf"(?:{_STEPS}) ?(?P<n>\d{{1,2}}) (?:{_any_of(_QUANTITIES)}|from|ab|min)")
#: ``price 2`` is the second price list as often as the price of two, and ``price 2026`` that of a year.
_LEAST_UNSAID = 5
#: ``price + 30 %`` is another price, not that of thirty.
_PERCENT = "%"
_YEARS = range(1990, 2100)
_BETWEEN = re.compile(r"\s*[|;\n]\s*")
_STEP = re.compile(r"(?:[^\d]{0,12}?)(\d{1,6}(?:[.,]0+)?)\s*(?:\+|[a-zA-Z]{1,6}\.?)?\s*[=:@]\s*(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TierColumn:
    """A column of prices by quantity: the field, and why."""

    field: str
    reason: str


def quantity_in_name(column: str) -> int | None:
    """From how many units on a column's prices hold, as its name says."""
    found = None if _PERCENT in column else _named(normal(column))
    return found[0] if found is not None else None


def tier_columns(columns: Sequence[str]) -> dict[str, TierColumn]:
    """The columns that hold steps of the wholesale price, or the quantities of steps."""
    names = {column: normal(column) for column in columns if _PERCENT not in column}
    quantities = _numbered(names, (_QUANTITY, _STEP_QUANTITY))
    prices = _numbered(names, (_STEP_PRICE, _PRICE))
    found: dict[str, TierColumn] = {}
    pairs = [number for number in sorted(quantities) if number in prices]
    if pairs:
        for place, number in zip(TIER_PLACES, pairs, strict=False):
            found[quantities[number]] = TierColumn(f"tier{place}_quantity", f"by its name; step {number}")
            found[prices[number]] = TierColumn(f"tier{place}_price", f"by its name; step {number}")
        return found
    named = {column: told for column, name in names.items() if (told := _named(name)) is not None}
    unsaid = [number for number, said in named.values() if not said and number != 1]
    if unsaid and (min(unsaid) < _LEAST_UNSAID or any(number in _YEARS for number in unsaid)):
        named = {column: told for column, told in named.items() if told[1]}
    steps = sorted((number, column) for column, (number, _) in named.items() if number > 1)
    if not steps:
        return {}
    for place, (number, column) in zip(TIER_PLACES, steps, strict=False):
        found[column] = TierColumn(f"tier{place}_price", f"by its name; from {number} units")
    single = [column for column, (number, _) in named.items() if number == 1]
    if single:
        found[single[0]] = TierColumn("cost", "by its name; the price of one unit")
    return found


def _named(name: str) -> tuple[int, bool] | None:
    """The quantity that a name ends with, and whether it says that it is one."""
    whole = _PRICE.fullmatch(name) or _BARE_FROM.fullmatch(name)
    if whole is None:
        return None
    return int(whole["n"]), "said" not in whole.groupdict() or whole["said"] is not None


def _numbered(names: Mapping[str, str], patterns: Sequence[re.Pattern[str]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for column, name in names.items():
        for pattern in patterns:
            whole = pattern.fullmatch(name)
            if whole is not None:
                found.setdefault(int(whole["n"]), column)
                break
    return found


@repeated()
def split_steps(text: str) -> tuple[tuple[str, str], ...]:
    """The steps of one cell as pairs of texts, quantity and price; what is no step has no quantity."""
    pairs = []
    for part in _BETWEEN.split(text.strip()):
        if part:
            step = _STEP.fullmatch(part)
            pairs.append((step[1], step[2]) if step else ("", part))
    return tuple(pairs)


def joined_steps(steps: Sequence[tuple[int | str, str]]) -> str:
    """Steps as one cell holds them."""
    return " | ".join(f"{quantity}={price}" for quantity, price in steps)
