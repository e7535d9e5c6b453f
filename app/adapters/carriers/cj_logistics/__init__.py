"""CJ Logistics: ten or twelve digits whose last is the rest of a division by seven."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod7

ADAPTER = CarrierByNumber(
    name="cj_logistics",
    label="CJ Logistics",
    page="",
    countries=frozenset({"KR"}),
    forms=(NumberForm(re.compile(r"[0-9]{10}|[0-9]{12}"), mod7, sure=False),),
)
