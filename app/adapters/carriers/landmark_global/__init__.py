"""Landmark Global."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="landmark_global",
    label="Landmark Global",
    page="https://track.landmarkglobal.com/?search={number}",
    forms=(NumberForm(re.compile(r"LTN[0-9]{8}N1")),),
)
