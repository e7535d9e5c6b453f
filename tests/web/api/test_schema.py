"""The API keeps to its own description: requests made up from it, good and bad, get no answer that it does not
name (schemathesis, https://schemathesis.readthedocs.io)."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from launch.wsgi import build
from tests.market import Market

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


schema = schemathesis.openapi.from_wsgi("/api/openapi.json", build())


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_gets_an_answer_that_is_not_described(case: Case, market: Market) -> None:
    party = market.supplier if case.path.startswith("/api/supplier/") else market.retailer
    case.headers["Authorization"] = f"Bearer {party.api.key}"
    case.call_and_validate(checks=_CHECKS)
