"""Yanwen: as S10, with YP instead of a country."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="yanwen",
    label="Yanwen",
    page="https://track.yw56.com.cn/en/querydel?nums={number}",
    forms=(NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}YP")),),
)
