"""SF Express: SF and thirteen digits, or twelve digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="sf_express",
    label="SF Express",
    page="https://www.sf-express.com/cn/en/dynamic_function/waybill/#search/bill-number/{number}",
    countries=frozenset({"CN", "HK", "TW", "MO", "SG"}),
    forms=(
        NumberForm(re.compile(r"SF[0-9]{13}")),
        NumberForm(re.compile(r"[0-9]{12}"), sure=False),
    ),
)
