"""DPD: the 14 digits of a parcel, or the 27 digits of its label, followed by their check character."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod37_36

ADAPTER = CarrierByNumber(
    name="dpd",
    label="DPD",
    page="https://tracking.dpd.de/status/en_US/parcel/{number}",
    forms=(NumberForm(re.compile(r"(?:[0-9]{14}|[0-9]{27})[0-9A-Z]"), mod37_36),),
)
