"""Australia Post: S10 numbers from Australia, and eParcel labels of a customer's letters and digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="australia_post",
    label="Australia Post",
    page="https://auspost.com.au/mypost/track/details/{number}",
    countries=frozenset({"AU"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}AU"), s10),
        NumberForm(re.compile(r"[0-9A-Z]{3,5}[0-9]{7}(?:[0-9]{11,13})?"), sure=False),
    ),
)
