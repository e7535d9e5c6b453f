"""Parcelforce: two letters and seven digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="parcelforce",
    label="Parcelforce",
    page="https://www.parcelforce.com/track-trace?trackNumber={number}",
    countries=frozenset({"GB"}),
    forms=(NumberForm(re.compile(r"[A-Z]{2}[0-9]{7}"), sure=False),),
)
