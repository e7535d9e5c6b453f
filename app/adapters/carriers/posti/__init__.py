"""Posti: S10 numbers from Finland, and domestic parcels that begin with JJFI."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="posti",
    label="Posti",
    page="https://www.posti.fi/en/tracking#/lahetys/{number}",
    countries=frozenset({"FI"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}FI"), s10),
        NumberForm(re.compile(r"JJFI[0-9]{17,18}")),
    ),
)
