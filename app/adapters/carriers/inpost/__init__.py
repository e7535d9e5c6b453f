"""InPost: 24 digits that begin with a 6."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="inpost",
    label="InPost",
    page="https://inpost.pl/sledzenie-przesylek?number={number}",
    countries=frozenset({"PL"}),
    forms=(NumberForm(re.compile(r"6[0-9]{23}")),),
)
