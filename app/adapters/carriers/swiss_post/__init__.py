"""Swiss Post: S10 numbers from Switzerland, and domestic parcels that begin with 99."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="swiss_post",
    label="Swiss Post",
    page="https://service.post.ch/ekp-web/ui/entry/search/{number}",
    countries=frozenset({"CH", "LI"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}CH"), s10),
        NumberForm(re.compile(r"9[789][0-9]{16}"), sure=False),
    ),
)
