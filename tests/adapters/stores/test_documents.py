"""Every GraphQL document fits Shopify's published schema, is one that the adapter uses, and may be sent."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    specified_rules,
    validate,
    visit,
)

import app.adapters.stores.shopify as shopify
from app.adapters._shopify import API_VERSION
from app.adapters.stores.shopify.manifest import OPTIONAL_SCOPES, RETURN_TOPICS
from app.adapters.stores.shopify.translate import _READERS
from tests.simulators.shopify.graphql.idempotency import REQUIRED
from tests.simulators.shopify.graphql.schema import Published, published, with_implied

_FOLDER = Path(shopify.__file__).parent
DOCUMENTS = sorted((_FOLDER / "graphql").glob("*.graphql"))
DECLARED = tomllib.loads((Path(__file__).parents[3] / "shopify.app.toml").read_text())

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
    assert operation.name.value == path.stem.title().replace("_", "")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_mutation_asks_why_it_is_refused_and_bears_a_key_where_shopify_wants_one(path: Path) -> None:
    (operation,) = (one for one in parse(path.read_text()).definitions if isinstance(one, OperationDefinitionNode))
    if operation.operation.value != "mutation":
        return
    (root,) = (one for one in operation.selection_set.selections if isinstance(one, FieldNode))
    assert root.selection_set is not None
    fields = [one.name.value for one in root.selection_set.selections if isinstance(one, FieldNode)]
    assert any(name.lower().endswith("usererrors") for name in fields)
    keyed = "idempotent" in {directive.name.value for directive in root.directives or ()}
    assert keyed == (root.name.value in REQUIRED)


def _named(function: ast.FunctionDef) -> Iterator[str]:
    """The documents that a function's calls name: directly, or by a variable that it sets."""
    texts: dict[str, list[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            texts[node.targets[0].id] = [value for value in found if isinstance(value, str)]
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        place = 1 if isinstance(node.func, ast.Attribute) and node.func.attr == "call" else None
        if isinstance(node.func, ast.Name) and node.func.id in ("_answer", "_moved"):
            place = 2
        if place is None:
            continue
        argument = node.args[place]
        if isinstance(argument, ast.Constant):
            yield str(argument.value)
        elif isinstance(argument, ast.Name):
            yield from texts.get(argument.id, [])


def test_every_document_is_used_and_every_one_used_is_there() -> None:
    used = {
        name
        for path in _FOLDER.glob("*.py")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for name in _named(function)
    }
    assert used == {path.stem for path in DOCUMENTS}


class _Needs(Visitor):
    """Collects what the fields of one document need: of each set of scopes one."""

    def __init__(self, source: Published, info: TypeInfo, name: str) -> None:
        super().__init__()
        self._source, self._info, self._name = source, info, name
        self.found: dict[frozenset[str], str] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, returned = self._info.get_parent_type(), get_named_type(self._info.get_type())
        assert parent is not None and returned is not None
        if parent.name.endswith(("Connection", "Edge")):
            # The field that returned the connection was asked about already.
            return
        where = f"{self._name}: {parent.name}.{node.name.value}"
        for need in (
            self._source.fields.get((parent.name, node.name.value)),
            self._source.types.get(returned.name.removesuffix("Connection")),
        ):
            if need is not None:
                self.found.setdefault(need.any_of, where)


#: Others open the same fields to us; these open more records to them: fulfilment orders that the merchant sends itself.
OF_RECORDS = frozenset({OPTIONAL_SCOPES["merchant_fulfillment"]})


def test_the_app_asks_for_the_scopes_that_its_documents_need_and_may_change_nothing_else() -> None:
    source, needs = published(), dict[frozenset[str], str]()
    for path in DOCUMENTS:
        info = TypeInfo(source.schema)
        collector = _Needs(source, info, path.stem)
        visit(parse(path.read_text()), TypeInfoVisitor(info, collector))
        needs |= collector.found
    assert len(needs) > 5
    access = DECLARED["access_scopes"]
    asked = frozenset(access["scopes"].split(",")) | frozenset(access["optional_scopes"])
    assert frozenset(access["optional_scopes"]) == frozenset(OPTIONAL_SCOPES.values())
    lacking = {where: sorted(scopes) for scopes, where in needs.items() if not scopes & with_implied(asked)}
    assert lacking == {}
    for scope in asked:
        if scope.startswith("write_"):
            if scope in OF_RECORDS:
                assert [where for scopes, where in needs.items() if scope in scopes], f"{scope} opens nothing"
                continue
            without = with_implied(asked - {scope})
            assert [where for scopes, where in needs.items() if not scopes & without], f"{scope} is not needed"


def test_the_app_declares_its_version_and_the_topics_that_it_understands() -> None:
    subscriptions = DECLARED["webhooks"]["subscriptions"]
    assert DECLARED["webhooks"]["api_version"] == API_VERSION
    topics = {topic for one in subscriptions for topic in one.get("topics", [])}
    compliance = {topic for one in subscriptions for topic in one.get("compliance_topics", [])}
    assert compliance == {"customers/data_request", "customers/redact", "shop/redact"}
    assert not topics & set(RETURN_TOPICS), "these want a permission that not every merchant gives"
    assert topics | compliance | set(RETURN_TOPICS) == set(_READERS), (
        "what is subscribed to is understood, and the other way round"
    )
