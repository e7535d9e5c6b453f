"""Poczta Polska: S10 numbers from Poland, and parcels with its own serial shipping container code."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod10_3_1, s10

ADAPTER = CarrierByNumber(
    name="poczta_polska",
    label="Poczta Polska",
    page="https://emonitoring.poczta-polska.pl/?numer={number}",
    countries=frozenset({"PL"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}PL"), s10),
        NumberForm(re.compile(r"005900773[0-9]{11}"), mod10_3_1),
    ),
)
