"""Österreichische Post: S10 numbers from Austria, and domestic parcels of 22 digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="austrian_post",
    label="Österreichische Post",
    page="https://www.post.at/sv/sendungsdetails?snr={number}",
    countries=frozenset({"AT"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}AT"), s10),
        NumberForm(re.compile(r"[0-9]{22}"), sure=False),
    ),
)
