"""DHL Parcel UK."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="dhl_parcel_uk",
    label="DHL Parcel UK",
    page="https://track.dhlparcel.co.uk/?con={number}",
    countries=frozenset({"GB"}),
    forms=(NumberForm(re.compile(r"J?JD0146[0-9]{12,14}")),),
)
