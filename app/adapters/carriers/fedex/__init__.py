"""FedEx: Express (12 digits) and Ground (15 digits)."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import fedex_express, mod10_3_1

ADAPTER = CarrierByNumber(
    name="fedex",
    label="FedEx",
    page="https://www.fedex.com/fedextrack/?trknbr={number}",
    forms=(
        NumberForm(re.compile(r"[0-9]{12}"), fedex_express),
        NumberForm(re.compile(r"[0-9]{15}"), mod10_3_1),
    ),
)
