"""The API keeps to its own description: requests made up from it, good and bad, get no answer that it does not
name (schemathesis, https://schemathesis.readthedocs.io)."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
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
_SCHEMA = schemathesis.openapi.from_wsgi("/api/openapi.json", build())


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def _ask(case: Case, market: Market) -> None:
    party = market.supplier if case.path.startswith("/api/supplier/") else market.retailer
    case.headers["Authorization"] = f"Bearer {party.api.key}"
    case.call_and_validate(checks=_CHECKS)


@pytest.mark.parametrize("call", [found.ok().label for found in _SCHEMA.get_all_operations()])
def test_no_request_gets_an_answer_that_is_not_described(call: str, market: Market) -> None:
    # ``schema.parametrize`` makes up the requests of all calls while tests are looked for, in each process of a run.
    asked = build_operation_test(
        config=_SCHEMA.config,
        operation=_SCHEMA.find_operation_by_label(call),
        test_func=_ask,
        given_kwargs={},
        feedback=FeedbackSources(),
    )
    try:
        asked(market=market)
    except FailureGroup as group:
        raise AssertionError("\n".join(str(one) for one in group.exceptions)) from group
