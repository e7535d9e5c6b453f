"""Sagawa: twelve digits whose last is the rest of a division by seven."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod7

ADAPTER = CarrierByNumber(
    name="sagawa",
    label="Sagawa",
    page="https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo={number}",
    countries=frozenset({"JP"}),
    forms=(NumberForm(re.compile(r"[0-9]{12}"), mod7, sure=False),),
)
