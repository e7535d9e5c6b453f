"""Blue Dart: waybills of eleven digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="blue_dart",
    label="Blue Dart",
    page="https://www.bluedart.com/trackdartresultthirdparty?trackFor=0&trackNo={number}",
    countries=frozenset({"IN"}),
    forms=(NumberForm(re.compile(r"[0-9]{11}"), sure=False),),
)
