"""YunExpress: YT and sixteen digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="yun_express",
    label="YunExpress",
    page="https://www.yuntrack.com/parcelTracking?id={number}",
    forms=(NumberForm(re.compile(r"YT[0-9]{16}")),),
)
