"""USPS: Intelligent Mail package barcodes, and S10 numbers from the United States."""

import re

from app.adapters.carriers._by_number import CarrierByNumber, NumberForm
from app.adapters.carriers._check_digits import mod10_3_1, s10

ADAPTER = CarrierByNumber(
    name="usps",
    label="USPS",
    page="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    forms=(
        NumberForm(re.compile(r"9[1-5][0-9]{18,20}"), mod10_3_1),
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}US"), s10),
    ),
)
