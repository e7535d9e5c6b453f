"""Royal Mail: S10 numbers from Great Britain."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="royal_mail",
    label="Royal Mail",
    page="https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    countries=frozenset({"GB"}),
    forms=(NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}GB"), s10),),
)
