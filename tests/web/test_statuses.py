"""Every state that something can be in has a label and a tone, and no label is left over."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.fulfillment.rules import LABELS
from app.listings.rules import STATES
from app.outbox.models import TaskState
from app.purchasing.changes.rules import MESSAGE_MOVES
from app.purchasing.changes.rules import STATES as CHANGE_STATES
from app.purchasing.rules import ANSWERS
from app.purchasing.rules import MOVES as PURCHASE_ORDER_MOVES
from app.purchasing.transmission_rules import STATES as TRANSMISSION_STATES
from app.settlement.rules import CHARGE_MOVES
from app.suppliers.rules import MOVES as SUPPLIER_MOVES
from app.web.ui.statuses import STATUSES

_ROOT = Path(__file__).parents[2]
_LINE = {"open", *ANSWERS, "partially_shipped", "shipped", "delivered", "cancelled"}


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("order", set(PURCHASE_ORDER_MOVES)),
        ("line", _LINE),
        ("listing", set(STATES)),
        ("delivery", set(LABELS)),
        ("supplier", set(SUPPLIER_MOVES)),
        # What goes along with a later charge is shown by a word of its own.
        ("charge", {*CHARGE_MOVES, "CARRIED"}),
        ("change_request", set(CHANGE_STATES)),
        ("transmission", set(TRANSMISSION_STATES)),
        ("change_message", set(MESSAGE_MOVES)),
        ("task", {state.name for state in TaskState}),
    ],
)
def test_the_labels_are_those_of_the_states(kind: str, states: set[str]) -> None:
    """Where the domain lists its states, both are the same."""
    assert set(STATUSES[kind]) == states


@pytest.mark.parametrize(
    ("kind", "package", "model", "names", "column"),
    [
        ("store", "stores", "Store", ("store",), "status"),
        ("feed", "feeds", "FeedRun", ("run",), "state"),
        ("feed_row", "feeds", "FeedRow", ("read", "row", "record"), "action"),
        ("earning", "settlement", "Earning", ("earning",), "state"),
        ("payout", "settlement", "Payout", ("payout",), "state"),
    ],
)
def test_every_state_that_is_written_has_a_label(
    kind: str, package: str, model: str, names: tuple[str, ...], column: str
) -> None:
    """Where the states are only words in the code, each word that is assigned is in the table."""
    written = {
        word
        for file in (_ROOT / "app" / package).rglob("*.py")
        for word in _assigned(ast.parse(file.read_text()), model, names, column)
    }
    assert written
    assert written - set(STATUSES[kind]) == set()


def test_tones_are_the_five_that_hosts_know() -> None:
    """Each status has one of them, and a label that is not empty."""
    shown = [one for statuses in STATUSES.values() for one in statuses.values()]
    assert {one.tone for one in shown} == {"success", "warning", "critical", "info", "neutral"}
    assert all(one.label for one in shown)


def _assigned(tree: ast.AST, model: str, names: tuple[str, ...], column: str) -> set[str]:
    """The texts that a column gets: ``store.status = …``, also among others at once, and ``Store(status=…)``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                found |= _of_target(target, node.value, names, column)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == model:
            found |= {text for one in node.keywords if one.arg == column for text in _texts(one.value)}
    return found


def _of_target(target: ast.expr, value: ast.expr, names: tuple[str, ...], column: str) -> set[str]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=True)
        return {text for one, given in pairs for text in _of_target(one, given, names, column)}
    if isinstance(target, ast.Attribute) and target.attr == column and getattr(target.value, "id", "") in names:
        return _texts(value)
    return set()


def _texts(value: ast.expr) -> set[str]:
    """A text, or the two of a choice."""
    if isinstance(value, ast.IfExp):
        return _texts(value.body) | _texts(value.orelse)
    return {value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else set()
