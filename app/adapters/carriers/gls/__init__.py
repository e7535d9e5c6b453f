"""GLS: parcel numbers of twelve digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import gls

ADAPTER = CarrierByNumber(
    name="gls",
    label="GLS",
    page="https://gls-group.com/GROUP/en/parcel-tracking?match={number}",
    forms=(NumberForm(re.compile(r"[0-9]{12}"), gls),),
)
