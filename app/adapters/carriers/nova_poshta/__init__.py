"""Nova Poshta: fourteen digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="nova_poshta",
    label="Nova Poshta",
    page="https://novaposhta.ua/tracking/?cargo_number={number}",
    countries=frozenset({"UA"}),
    forms=(NumberForm(re.compile(r"(?:1|2|5)[0-9]{13}"), sure=False),),
)
