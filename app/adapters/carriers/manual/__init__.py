"""Any carrier that the supplier names."""

from app.adapters.carriers.manual.adapter import Manual

ADAPTER = Manual()
