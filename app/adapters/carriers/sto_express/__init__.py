"""STO Express: digits that begin with 77, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="sto_express",
    label="STO Express",
    page="",
    countries=frozenset({"CN"}),
    forms=(NumberForm(re.compile(r"77[0-9]{13}"), sure=False),),
)
