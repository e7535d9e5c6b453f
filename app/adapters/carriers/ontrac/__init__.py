"""OnTrac, and LaserShip, which it took over."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import ontrac

ADAPTER = CarrierByNumber(
    name="ontrac",
    label="OnTrac",
    page="https://www.ontrac.com/tracking/?number={number}",
    countries=frozenset({"US"}),
    forms=(
        NumberForm(re.compile(r"[CD][0-9]{14}"), ontrac),
        NumberForm(re.compile(r"L[AIEHNX][1-3][0-9]{7}")),
        NumberForm(re.compile(r"1LS[0-9A-Z]{12}(?:[0-9]{2})?")),
    ),
)
