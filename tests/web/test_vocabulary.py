"""The vocabulary of pages: both hosts have the same words, pages use no other, and Shopify knows what its host says."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask, request
from jinja2 import Environment, nodes

from app.factory import create_app
from app.orders.story import OF_ONE, SENTENCES
from app.web.ui.statuses import STATUSES

_ROOT = Path(__file__).parents[2]
_HOSTS = ("app/web/ui/hosts/crossdock.html", "app/web/ui/hosts/shopify.html")
_SHOPIFY = _HOSTS[1]
_MANIFEST = _ROOT / "node_modules/@shopify/polaris-types/dist/custom-elements.json"
_TYPES = _ROOT / "node_modules/@shopify/polaris-types/dist/polaris.d.ts"
#: HTML's own attributes, which every element has.
_COMMON = {"id", "slot", "class", "hidden", "lang", "dir", "title"}
_LITERAL = re.compile(r'"([^"]*)"')


@pytest.fixture(scope="module")
def app(engine: None) -> Flask:
    """The application, for its templates."""
    return create_app()


def _templates() -> list[Path]:
    return [file for folder in ("app", "embedded_ui") for file in sorted((_ROOT / folder).rglob("*.html"))]


def _signatures(environment: Environment, host: str) -> dict[str, list[tuple[str, Any]]]:
    """Macro → its arguments with their defaults (``...`` for none). Names that begin with ``_`` are a host's own."""
    found = {}
    for macro in environment.parse((_ROOT / host).read_text()).find_all(nodes.Macro):
        if macro.name.startswith("_"):
            continue
        names = [argument.name for argument in macro.args]
        defaults = [one.as_const() for one in macro.defaults]
        found[macro.name] = list(zip(names, [...] * (len(names) - len(defaults)) + defaults, strict=True))
    return found


def _wrapping(environment: Environment, host: str) -> set[str]:
    """The macros that wrap content."""
    parsed = environment.parse((_ROOT / host).read_text())
    return {
        macro.name
        for macro in parsed.find_all(nodes.Macro)
        if any(isinstance(call.node, nodes.Name) and call.node.name == "caller" for call in macro.find_all(nodes.Call))
    }


def test_both_hosts_define_the_same_macros_with_the_same_signatures(app: Flask) -> None:
    """Names, arguments, their order and defaults, and whether a macro wraps content."""
    one, other = (_signatures(app.jinja_env, host) for host in _HOSTS)
    assert one == other
    assert _wrapping(app.jinja_env, _HOSTS[0]) == _wrapping(app.jinja_env, _HOSTS[1])
    assert len(one) > 30


def test_each_host_uses_every_argument_that_tells_something(app: Flask) -> None:
    """An argument that a host ignores is one that it can show no place for: these, and no others."""
    ignored = {}
    for host in _HOSTS:
        for macro in app.jinja_env.parse((_ROOT / host).read_text()).find_all(nodes.Macro):
            read = {name.name for name in macro.find_all(nodes.Name) if name.ctx == "load"}
            unread = {argument.name for argument in macro.args} - read
            if unread:
                ignored[Path(host).stem, macro.name] = unread
    assert ignored == {
        # A page's width is the admin's business, a table's name its card's heading, a cell's label its column's.
        ("shopify", "page"): {"width"},
        ("shopify", "table"): {"caption"},
        ("shopify", "cell"): {"label", "number"},
        ("shopify", "field"): {"autocomplete"},
        ("shopify", "views"): {"label"},
        # The admin's buttons are not the form's own, so Enter presses none of them.
        ("shopify", "on_enter"): {"name", "value"},
        # It is granted where the store's platform frames the page.
        ("crossdock", "permission"): {"scope"},
        ("crossdock", "pager"): {"first"},
        ("shopify", "pager"): {"first"},
    }


def test_pages_use_only_macros_that_exist_and_as_they_are_defined(app: Flask) -> None:
    """Every ``ui.…`` of every template, its arguments and whether it wraps content."""
    known, wrapping = _signatures(app.jinja_env, _HOSTS[0]), _wrapping(app.jinja_env, _HOSTS[0])
    wrong, seen = [], 0
    for file in _templates():
        parsed = app.jinja_env.parse(file.read_text())
        wrappers = {id(block.call) for block in parsed.find_all(nodes.CallBlock)}
        for call in parsed.find_all(nodes.Call):
            target = call.node
            if not (isinstance(target, nodes.Getattr) and isinstance(target.node, nodes.Name)):
                continue
            if target.node.name != "ui":
                continue
            seen += 1
            where = f"{file.relative_to(_ROOT)}:{call.lineno}: ui.{target.attr}"
            wrong += [f"{where} {problem}" for problem in _misuse(call, target.attr, known)]
            if target.attr in known and (target.attr in wrapping) != (id(call) in wrappers):
                wrong.append(f"{where} {'needs' if target.attr in wrapping else 'takes no'} content")
    assert wrong == []
    assert seen > 400


def test_badges_are_of_kinds_that_have_statuses(app: Flask) -> None:
    """The first argument of every ``ui.badge``."""
    kinds = {
        call.args[0].value
        for file in _templates()
        for call in app.jinja_env.parse(file.read_text()).find_all(nodes.Call)
        if isinstance(call.node, nodes.Getattr) and call.node.attr == "badge"
        if isinstance(call.args[0], nodes.Const)
    }
    assert kinds
    assert kinds - set(STATUSES) == set()


def _misuse(call: nodes.Call, name: str, known: dict[str, list[tuple[str, Any]]]) -> Iterator[str]:
    if name not in known:
        yield "does not exist"
        return
    names = [argument for argument, _ in known[name]]
    given = names[: len(call.args)] + [one.key for one in call.kwargs]
    if len(call.args) > len(names):
        yield "has too many arguments"
    if set(given) - set(names):
        yield f"has no {sorted(set(given) - set(names))}"
    missing = [argument for argument, default in known[name] if default is ... and argument not in given]
    if missing:
        yield f"needs {missing}"


# Polaris

#: What the macros are called with, by argument or by macro and argument. Others get nothing and a text, or both truths.
_VALUES: dict[str, list[Any]] = {
    "type": ["text", "email", "password", "number", "url", "tel", "date"],
    "text.tone": ["", "subdued"],
    "banner.tone": ["info", "success", "warning", "critical"],
    "columns": [["One", {"label": "Two", "number": True}]],
    "options": [[("a", "A"), ("b", "B")]],
    "items": [
        [
            {"label": "A", "href": "/a", "current": True, "count": 2, "done": True, "text": "x"},
            {"label": "B", "href": "/b", "current": False, "done": False, "text": "x"},
        ]
    ],
    "back": [None, ("/back", "Back")],
    "pairs": [[("a", "b")]],
    "next_step.due": [None, datetime(2026, 1, 2, tzinfo=UTC)],
    "next_step.ball": [None, "mine", "supplier"],
    "next_step.tone": ["success", "info", "warning", "critical"],
    "entries": [[{"text": "x", "at": datetime(2026, 1, 2, tzinfo=UTC)}]],
    "points": [[("a", 1, "1")]],
    "keep": [{"view": "all"}],
    "values": [{}, {"name": "value"}],
    "min": [None, 0], "max": [None, 9], "step": [None, "0.01"], "rows": [4],
    "next_cursor": [None, "next"],
    "markup": ["<p>x</p>"],
    "image": [None, "/image.svg"], "url": [None, "/image.svg"],
}  # fmt: skip


@pytest.fixture(scope="module")
def polaris(app: Flask) -> list[Tag]:
    """Every element that the macros of Shopify's host make, with all arguments given and with none."""
    signatures = _signatures(app.jinja_env, _SHOPIFY)
    made: list[Tag] = []
    with app.test_request_context("/?cursor=here"):
        module: Any = app.jinja_env.get_template(_SHOPIFY).make_module({"request": request})
        for name, arguments in signatures.items():
            macro: Callable[..., str] = getattr(module, name)
            for values in _calls(name, arguments):
                more = {"caller": lambda: "content"} if name in _wrapping(app.jinja_env, _SHOPIFY) else {}
                made += BeautifulSoup(str(macro(**values, **more)), "html.parser").find_all(re.compile("^s-"))
    return made


def _calls(name: str, arguments: list[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    choices = []
    for argument, default in arguments:
        listed = _VALUES.get(f"{name}.{argument}") or _VALUES.get(argument)
        if listed:
            choices.append(listed)
        elif default is ...:
            choices.append(["PAID"])
        elif isinstance(default, bool):
            choices.append([False, True])
        else:
            choices.append([default, "text"])
    if name == "badge":
        for kind, statuses in STATUSES.items():
            yield from ({"kind": kind, "value": value} for value in statuses)
        return
    names = [argument for argument, _ in arguments]
    if len(choices) <= 5:
        yield from (dict(zip(names, values, strict=True)) for values in product(*choices))
        return
    # Too many to combine: the first and the last of all, and every value of each with the last of the others.
    yield {name: values[0] for name, values in zip(names, choices, strict=True)}
    last = {name: values[-1] for name, values in zip(names, choices, strict=True)}
    for argument, values in zip(names, choices, strict=True):
        yield from ({**last, argument: value} for value in values)


def _manifest() -> dict[str, dict[str, str]]:
    """Element → its attributes in lower case, each with its type as it is written."""
    return {
        declared["tagName"]: {
            one["name"].lower(): one.get("type", {}).get("text", "") for one in declared.get("attributes", [])
        }
        for module in json.loads(_MANIFEST.read_text())["modules"]
        for declared in module.get("declarations", [])
        if declared.get("tagName")
    }


def test_the_sample_calls_reach_every_element_of_the_host(app: Flask, polaris: list[Tag]) -> None:
    """Whatever stands in the file is among what is checked below."""
    written = set(re.findall(r"<(s-[a-z-]+)", (_ROOT / _SHOPIFY).read_text()))
    fields = {"s-text-field", "s-email-field", "s-password-field", "s-number-field", "s-url-field"}
    assert {one.name for one in polaris} >= written | fields


def test_polaris_has_every_element_and_attribute_that_the_host_uses(polaris: list[Tag]) -> None:
    """By the published manifest."""
    known = _manifest()
    wrong = {f"<{one.name}>" for one in polaris if one.name not in known} | {
        f"<{one.name}> has no {name}"
        for one in polaris
        for name in one.attrs
        if one.name in known and name not in known[one.name]
        if name not in _COMMON and not name.startswith(("data-", "aria-"))
    }
    assert wrong == set()


def test_polaris_knows_every_value_that_the_host_gives(polaris: list[Tag]) -> None:
    """Where the type is a list of words, the value is one of them."""
    known = _manifest()
    wrong = set()
    for one in polaris:
        for name, value in one.attrs.items():
            kind = known.get(one.name, {}).get(name, "")
            words = _LITERAL.findall(kind)
            if words and not _LITERAL.sub("", kind).strip(" |") and value not in words:
                wrong.add(f'<{one.name} {name}="{value}">: {", ".join(words)}')
    assert wrong == set()


def test_the_declared_types_have_every_element_that_pages_write_themselves() -> None:
    """Layouts and the page that asks for the account use elements outside the macros."""
    declared = set(re.findall(r"['\"](s-[a-z-]+)['\"]\s*[:\]?]", _TYPES.read_text())) | set(_manifest())
    # Declared with App Bridge, not with Polaris.
    declared.add("s-app-nav")
    wrong = {
        f"{file.relative_to(_ROOT)}: <{tag}>"
        for file in _templates()
        for tag in re.findall(r"<(s-[a-z-]+)", file.read_text())
        if tag not in declared
    }
    assert wrong == set()


# Sentences and statuses


def test_what_is_told_of_an_order_has_a_sentence() -> None:
    """Every message id that the code writes is in the table, and the table has no other."""
    looks_like = re.compile(r"(order|stock|money|po|return|change|decision|carrier|store|exception)\.[a-z_]+")
    begins_like = re.compile(r"(po|decision)\.[a-z_]*")
    written = {
        found.value
        for folder in ("app", "workers", "embedded_ui")
        for file in (_ROOT / folder).rglob("*.py")
        if file.name != "story.py"
        for found in ast.walk(ast.parse(file.read_text()))
        if isinstance(found, ast.Constant) and isinstance(found.value, str) and looks_like.fullmatch(found.value)
    }
    # Where the end of an id is what was chosen, its beginning is written.
    begun = tuple(
        found.values[0].value
        for folder in ("app", "workers")
        for file in (_ROOT / folder).rglob("*.py")
        for found in ast.walk(ast.parse(file.read_text()))
        if isinstance(found, ast.JoinedStr) and isinstance(found.values[0], ast.Constant)
        if begins_like.fullmatch(str(found.values[0].value))
    )
    assert {one for one in set(SENTENCES) - written if not one.startswith(begun)} == set()
    told = {
        call.args[index].value
        for folder in ("app", "workers")
        for file in (_ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in ("tell", "_story")
        for index in range(len(call.args))
        if isinstance(call.args[index], ast.Constant) and looks_like.fullmatch(str(call.args[index].value))
    }
    assert told - set(SENTENCES) == set()
    assert len(told) > 10


def test_what_is_told_of_units_is_told_of_one_as_well() -> None:
    """No story says "1 units", whatever it counts; both forms need the same values but for the count."""
    counting = {message for message, (_kind, text) in SENTENCES.items() if re.search(r"%\(\w+\)s units", text)}
    assert set(OF_ONE) == counting
    for message, text in OF_ONE.items():
        values = set(re.findall(r"%\((\w+)\)s", SENTENCES[message][1]))
        assert values - set(re.findall(r"%\((\w+)\)s", text)) in ({"units"}, {"quantity"}), message


def test_no_page_counts_without_a_form_for_one() -> None:
    """A count before a word in the plural comes from ``ngettext``, but where it is never one."""
    counted = re.compile(
        r"(?<!ngettext\()\b_\(\"(%\((?:n|units|days|count)\)s (?:units|days|orders|parcels|items)[^\"]*)\""
    )
    never_one = {"%(n)s orders within an hour", "%(n)s days"}
    found = {
        one
        for folder in ("app/web", "embedded_ui")
        for file in [*sorted((_ROOT / folder).rglob("*.html")), *sorted((_ROOT / folder).rglob("*.py"))]
        for one in counted.findall(file.read_text("utf-8"))
    }
    assert found == never_one
