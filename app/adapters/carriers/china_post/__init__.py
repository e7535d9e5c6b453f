"""China Post and EMS: S10 numbers from China."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="china_post",
    label="China Post / EMS",
    page="",
    countries=frozenset({"CN"}),
    forms=(NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}CN"), s10),),
)
