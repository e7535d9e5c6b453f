"""bpost: S10 numbers from Belgium, and domestic parcels of 24 digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="bpost",
    label="bpost",
    page="https://track.bpost.cloud/btr/web/#/search?lang=en&itemCode={number}",
    countries=frozenset({"BE"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}BE"), s10),
        NumberForm(re.compile(r"323[0-9]{21}")),
    ),
)
