"""Yunda: thirteen or fifteen digits that begin with 31, 43 or 46, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="yunda",
    label="Yunda",
    page="",
    countries=frozenset({"CN"}),
    forms=(NumberForm(re.compile(r"(?:31|43|46)[0-9]{11}(?:[0-9]{2})?"), sure=False),),
)
