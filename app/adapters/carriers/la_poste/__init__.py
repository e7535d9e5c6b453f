"""La Poste: S10 numbers from France, and Colissimo's own of a digit, a letter and eleven digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

ADAPTER = CarrierByNumber(
    name="la_poste",
    label="La Poste / Colissimo",
    page="https://www.laposte.fr/outils/suivre-vos-envois?code={number}",
    countries=frozenset({"FR", "MC"}),
    forms=(
        NumberForm(re.compile(r"[A-WYZ][A-Z][0-9]{9}FR"), s10),
        NumberForm(re.compile(r"(?!3S)[0-9][A-Z][0-9]{11}")),
    ),
)
