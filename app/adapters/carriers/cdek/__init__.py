"""CDEK: waybills of ten digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="cdek",
    label="CDEK",
    page="https://www.cdek.ru/en/tracking?order_id={number}",
    countries=frozenset({"RU", "BY", "KZ", "AM", "KG"}),
    forms=(NumberForm(re.compile(r"[0-9]{10,11}"), sure=False),),
)
