"""DHL: Express waybills and pieces, and parcels of DHL Paket in Germany, of 20 and of 12 digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import identcode, mod7, mod10_3_1

ADAPTER = CarrierByNumber(
    name="dhl",
    label="DHL",
    page="https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    forms=(
        NumberForm(re.compile(r"[0-9]{10}"), mod7),
        NumberForm(re.compile(r"JVGL[0-9]{9,10}|J?JD01(?!46)[0-9]{14,16}")),
        NumberForm(re.compile(r"00340[0-9]{15}"), mod10_3_1),
        NumberForm(re.compile(r"[0-9]{12}"), identcode),
    ),
)
