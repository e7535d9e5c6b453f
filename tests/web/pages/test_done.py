"""What a page says was done is one of our own sentences, whatever the address holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.web.ui.done import SENTENCES
from tests.market import Market
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_guards import signed_in

_ROOT = Path(__file__).parents[3]
_CRAFTED = "Your account is locked. Call +1 555 0100 with your card at hand."


def test_a_change_is_told_on_the_page_that_follows(market: Market) -> None:
    browser = signed_in(market, "supplier")
    answer = browser.submit("/supplier/settings", "/settings/terms", handling_days="3")
    assert answer.status_code == 303, text_of(answer)
    assert "Saved. It holds for orders from now on." in text_of(browser.get(answer.headers["Location"]))


@pytest.mark.parametrize(
    ("kind", "page"), [("retailer", "/app/"), ("supplier", "/supplier/"), ("platform", "/console/")]
)
def test_a_crafted_address_says_nothing_on_the_page(market: Market, kind: str, page: str) -> None:
    browser = signed_in(market, kind)
    assert "Saved." in text_of(browser.get(page, query_string={"done": "saved"}))
    for crafted in (_CRAFTED, "Saved.", "saved ", "SAVED", "__class__"):
        shown = browser.get(page, query_string={"done": crafted})
        assert shown.status_code == 200
        assert _CRAFTED not in text_of(shown)
        assert not [sentence for sentence in SENTENCES.values() if sentence in text_of(shown)]


def test_nor_before_anybody_has_signed_in(market: Market) -> None:
    browser = Browser(market.app)
    assert SENTENCES["password_changed"] in text_of(browser.get("/sign-in?done=password_changed"))
    assert _CRAFTED not in text_of(browser.get("/sign-in", query_string={"done": _CRAFTED}))


def test_links_of_the_page_do_not_say_it_again(market: Market) -> None:
    browser = signed_in(market, "platform")
    assert "done=saved" not in browser.get("/console/jobs?done=saved").text


def test_every_sentence_is_said_somewhere_and_every_key_is_known() -> None:
    said = set()
    files = [*(_ROOT / "app/web").rglob("*.py"), *(_ROOT / "embedded_ui").rglob("*.py")]
    for file in files:
        if "api" not in file.parts:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.keyword | ast.Assign) and _is_done(node):
                    said |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
    assert {one for one in said if isinstance(one, str)} == set(SENTENCES)


def _is_done(node: ast.keyword | ast.Assign) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg == "done"
    return any(getattr(target, "id", "") == "done" for target in node.targets)
