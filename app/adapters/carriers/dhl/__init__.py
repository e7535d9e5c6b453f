"""DHL: Express waybills, and parcels of DHL Paket in Germany (``JJD`` licence plates and 00340 numbers)."""

import re

from app.adapters.carriers._by_number import CarrierByNumber, NumberForm
from app.adapters.carriers._check_digits import mod7, mod10_3_1

ADAPTER = CarrierByNumber(
    name="dhl",
    label="DHL",
    page="https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    forms=(
        NumberForm(re.compile(r"[0-9]{10}"), mod7),
        NumberForm(re.compile(r"00340[0-9]{15}"), mod10_3_1),
        NumberForm(re.compile(r"JJD[0-9]{15,18}")),
    ),
)
