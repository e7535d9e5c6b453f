"""Canada Post: S10 numbers from Canada, and PINs of sixteen digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod10_3_1, s10

ADAPTER = CarrierByNumber(
    name="canada_post",
    label="Canada Post",
    page="https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={number}",
    countries=frozenset({"CA"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}CA"), s10),
        NumberForm(re.compile(r"[0-9]{16}"), mod10_3_1, sure=False),
    ),
)
