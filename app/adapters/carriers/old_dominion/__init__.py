"""Old Dominion Freight Line: PRO numbers of eleven digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import luhn

ADAPTER = CarrierByNumber(
    name="old_dominion",
    label="Old Dominion",
    page="https://www.odfl.com/us/en/tools/trace-track-ltl-freight/trace.html?proNumbers={number}",
    countries=frozenset({"US", "CA", "MX"}),
    forms=(NumberForm(re.compile(r"(?:072|77[78]|780)[0-9]{8}|80[0-9]{9}"), luhn, sure=False),),
)
