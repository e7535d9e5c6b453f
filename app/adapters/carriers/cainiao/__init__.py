"""Cainiao, AliExpress' carrier."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="cainiao",
    label="Cainiao",
    page="https://global.cainiao.com/detail.htm?mailNoList={number}",
    forms=(NumberForm(re.compile(r"LP[0-9]{14}")),),
)
