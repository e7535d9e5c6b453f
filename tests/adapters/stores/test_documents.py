"""Every GraphQL document fits Shopify's published schema, and is one that the adapter uses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from graphql import GraphQLSchema, NoDeprecatedCustomRule, OperationDefinitionNode, parse, specified_rules, validate

import app.adapters.stores.shopify as shopify
from app.adapters.stores.shopify.manifest import API_VERSION
from tests.simulators.shopify.graphql.schema import published

_FOLDER = Path(shopify.__file__).parent
DOCUMENTS = sorted((_FOLDER / "graphql").glob("*.graphql"))

#: The Online Store is known by its channel's name; catalogs, which are to replace it, are named by merchants.
STILL_USED = "The field Publication.name is deprecated."


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return published().schema


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_fits_the_published_schema(schema: GraphQLSchema, path: Path) -> None:
    document = parse(path.read_text())
    assert [str(error) for error in validate(schema, document, specified_rules)] == []
    deprecated = [error.message for error in validate(schema, document, [NoDeprecatedCustomRule])]
    assert [one for one in deprecated if not one.startswith(STILL_USED)] == []
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    assert operation.name is not None, "Shopify's logs show an operation by its name"


def test_every_document_is_used_and_every_one_used_is_there() -> None:
    code = "\n".join(path.read_text() for path in _FOLDER.glob("*.py"))
    used = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', code))
    names = {path.stem for path in DOCUMENTS}
    assert names <= used, names - used
    called = set(re.findall(r'call\(\s*access,\s*"([a-z_]+)"', code))
    assert called <= names, called - names


def test_the_app_declares_the_version_and_asks_for_the_scopes_that_its_calls_need() -> None:
    declared = tomllib.loads(Path("shopify.app.toml").read_text())
    assert declared["webhooks"]["api_version"] == API_VERSION
    scopes = set(declared["access_scopes"]["scopes"].split(","))
    assert {
        "read_products",
        "write_products",
        "read_inventory",
        "write_inventory",
        "read_orders",
        "write_assigned_fulfillment_orders",
        "write_fulfillments",
    } <= scopes | {f"read_{scope.removeprefix('write_')}" for scope in scopes if scope.startswith("write_")}
    topics = {topic for one in declared["webhooks"]["subscriptions"] for topic in one.get("topics", [])}
    from app.adapters.stores.shopify.translate import _READERS

    compliance = {topic for one in declared["webhooks"]["subscriptions"] for topic in one.get("compliance_topics", [])}
    assert topics | compliance == set(_READERS), "what is subscribed to is understood, and the other way round"
