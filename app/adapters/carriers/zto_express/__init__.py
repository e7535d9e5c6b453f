"""ZTO Express: fourteen digits that begin with a 7, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="zto_express",
    label="ZTO Express",
    page="",
    countries=frozenset({"CN"}),
    forms=(NumberForm(re.compile(r"7[0-9]{13}"), sure=False),),
)
