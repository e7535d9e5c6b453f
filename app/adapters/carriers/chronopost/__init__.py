"""Chronopost: S10 numbers from France whose service begins with an X."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="chronopost",
    label="Chronopost",
    page="https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={number}&langue=en",
    countries=frozenset({"FR"}),
    forms=(NumberForm(re.compile(r"X[A-Z][0-9]{9}FR"), s10),),
)
