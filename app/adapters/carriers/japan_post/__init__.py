"""Japan Post: S10 numbers from Japan, and domestic parcels of eleven or twelve digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod7, s10

ADAPTER = CarrierByNumber(
    name="japan_post",
    label="Japan Post",
    page="https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1={number}&locale=en",
    countries=frozenset({"JP"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}JP"), s10),
        NumberForm(re.compile(r"[0-9]{11,12}"), mod7, sure=False),
    ),
)
