"""TNT: consignments of nine digits, with or without letters around them."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="tnt",
    label="TNT",
    page="https://www.tnt.com/express/en_gc/site/shipping-tools/tracking.html?searchType=con&cons={number}",
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}WW")),
        NumberForm(re.compile(r"[0-9]{9}"), sure=False),
    ),
)
