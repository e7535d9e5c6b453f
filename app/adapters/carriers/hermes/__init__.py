"""Hermes in Germany: 14 or 20 digits, or an H and 19 digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="hermes",
    label="Hermes",
    page="https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{number}",
    countries=frozenset({"DE"}),
    forms=(
        NumberForm(re.compile(r"H[0-9]{19}")),
        NumberForm(re.compile(r"[0-9]{14}|[0-9]{20}"), sure=False),
    ),
)
