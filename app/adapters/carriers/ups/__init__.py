"""UPS: parcels, and waybills of a letter and ten digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import ups_1z, ups_waybill

ADAPTER = CarrierByNumber(
    name="ups",
    label="UPS",
    page="https://www.ups.com/track?tracknum={number}",
    forms=(
        NumberForm(re.compile(r"1Z[0-9A-Z]{15}[0-9]"), ups_1z),
        NumberForm(re.compile(r"[AHJKTV][0-9]{10}"), ups_waybill),
    ),
)
