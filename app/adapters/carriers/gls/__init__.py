"""GLS: parcel numbers of twelve digits, and track ids of eight letters and digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import gls

ADAPTER = CarrierByNumber(
    name="gls",
    label="GLS",
    page="https://gls-group.com/GROUP/en/parcel-tracking?match={number}",
    forms=(
        NumberForm(re.compile(r"[0-9]{12}"), gls),
        NumberForm(re.compile(r"(?=.*[A-Z])[0-9A-Z]{8}"), sure=False),
    ),
)
