"""PostNL: S10 numbers from the Netherlands, and parcels that begin with 3S."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="postnl",
    label="PostNL",
    page="https://postnl.post/?barcodes={number}",
    countries=frozenset({"NL"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}NL"), s10),
        NumberForm(re.compile(r"3S[0-9A-Z]{4,8}[0-9]{6,9}")),
    ),
)
