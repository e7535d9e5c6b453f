"""FedEx: Express (12 digits), Ground (15 digits, or 22 that begin with 96), and the 34 digits of its barcodes."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import fedex_express, fedex_ground_96, fedex_long, mod10_3_1

ADAPTER = CarrierByNumber(
    name="fedex",
    label="FedEx",
    page="https://www.fedex.com/fedextrack/?trknbr={number}",
    forms=(
        NumberForm(re.compile(r"[0-9]{12}"), fedex_express),
        NumberForm(re.compile(r"[0-9]{15}"), mod10_3_1),
        NumberForm(re.compile(r"96[0-9]{20}"), fedex_ground_96),
        NumberForm(re.compile(r"[0-9]{34}"), fedex_long),
    ),
)
