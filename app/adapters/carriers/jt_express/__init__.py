"""J&T Express in China."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="jt_express",
    label="J&T Express",
    page="",
    forms=(NumberForm(re.compile(r"JT[0-9]{13}")),),
)
