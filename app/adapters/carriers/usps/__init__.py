"""USPS: Intelligent Mail package barcodes, and S10 numbers from the United States."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import impb_special, mod10_3_1, s10

ADAPTER = CarrierByNumber(
    name="usps",
    label="USPS",
    page="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    countries=frozenset({"US"}),
    forms=(
        NumberForm(re.compile(r"9[1-5][0-9]{20}"), mod10_3_1),
        NumberForm(re.compile(r"(?:03|7[0-9]|8[0-9])[0-9]{18}"), impb_special),
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}US"), s10),
    ),
)
