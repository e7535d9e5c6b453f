"""PostNord: S10 numbers from Sweden and Denmark, and parcels with their serial shipping container codes."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod10_3_1, s10

ADAPTER = CarrierByNumber(
    name="postnord",
    label="PostNord",
    page="https://tracking.postnord.com/en/tracking?id={number}",
    countries=frozenset({"SE", "DK", "NO", "FI"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}(?:SE|DK)"), s10),
        NumberForm(re.compile(r"(?:00)?(?:373|357)[0-9]{15}"), mod10_3_1, sure=False),
    ),
)
