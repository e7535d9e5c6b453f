"""What holds for every page of both hosts: it answers, its console is silent, axe finds nothing serious, and a phone
shows it without scrolling sideways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page

from demo.installation import ROOT
from demo.people import SignIn
from demo.screenshots import console_pages, embedded_pages, public_pages, retailer_pages, supplier_pages
from tests.browser import making
from tests.browser.conftest import DESKTOP, PHONE, Complaints, Demo, app_frame, new_page, sign_in

AREAS = ("public", "retailer", "supplier", "console", "embedded")
_AXE = ROOT / "node_modules/axe-core/axe.min.js"
_GRAVE = ("serious", "critical")
#: Polaris tables that do not reach from one side of what holds them to the other.
_NARROW_TABLES = """() => [...document.querySelectorAll("s-table")].filter((one) =>
  Math.abs(one.getBoundingClientRect().width - one.parentElement.getBoundingClientRect().width) > 1).length"""
#: By how many pixels the page is wider than its window.
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@dataclass(slots=True)
class Walk:
    """What was found on the way through an area's pages, as sentences that begin with the page's name."""

    unanswered: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    narrow_tables: list[str] = field(default_factory=list)
    seen: int = 0


Walker = Callable[[str, tuple[int, int]], Walk]


@pytest.fixture(scope="module")
def walk(demo: Demo, chromium: Browser) -> Iterator[Walker]:
    """``walk(area, size)``: go through all pages of an area once, however many tests ask what was found."""
    making.draft(demo, making.goods())
    done: dict[tuple[str, tuple[int, int]], Walk] = {}

    def through(area: str, size: tuple[int, int]) -> Walk:
        if (area, size) not in done:
            done[area, size] = _walk(demo, chromium, area, size)
        return done[area, size]

    yield through


@pytest.mark.parametrize("area", AREAS)
def test_every_page_answers_and_its_console_is_silent(walk: Walker, area: str) -> None:
    """No error, no exception, nothing that the Content-Security-Policy refused."""
    found = walk(area, DESKTOP)
    assert found.seen >= 7
    assert found.unanswered + found.complaints == []


@pytest.mark.parametrize("area", AREAS)
def test_axe_finds_nothing_serious(walk: Walker, area: str) -> None:
    """Neither on a desktop nor on a phone."""
    assert walk(area, DESKTOP).axe + walk(area, PHONE).axe == []


@pytest.mark.parametrize("area", AREAS)
def test_no_page_scrolls_sideways_on_a_phone(walk: Walker, area: str) -> None:
    """At a width of 390 pixels."""
    found = walk(area, PHONE)
    assert found.unanswered + found.complaints + found.too_wide == []


def test_polaris_tables_fill_their_cards(walk: Walker) -> None:
    """In both sizes."""
    assert walk("embedded", DESKTOP).narrow_tables + walk("embedded", PHONE).narrow_tables == []


def _pages(demo: Demo, area: str) -> tuple[SignIn | None, str, list[tuple[str, str]]]:
    people, story = demo.people, demo.story
    if area == "embedded":
        return None, demo.admin, embedded_pages(story)
    who, pages = {
        "public": (None, public_pages),
        "retailer": (people.retailer, retailer_pages),
        "supplier": (people.nordlicht, supplier_pages),
        "console": (people.admin, console_pages),
    }[area]
    return who, demo.url, pages(story)


def _walk(demo: Demo, chromium: Browser, area: str, size: tuple[int, int]) -> Walk:
    found, complaints = Walk(), Complaints()
    who, root, pages = _pages(demo, area)
    page = new_page(chromium, size)
    complaints.listen(page)
    if who is not None:
        sign_in(page, demo, who.email)
    for name, path in pages:
        answer = page.goto(root + path)
        if answer is None or answer.status != 200:
            found.unanswered.append(f"{name}: {answer.status if answer else 'no answer'}")
            continue
        found.seen += 1
        place: Page | Frame = app_frame(page) if area == "embedded" else page
        # Colours are the same in both sizes, and looking at them takes longest.
        found.axe += [f"{name}: {one}" for one in axe(place, colours=size == DESKTOP)]
        for where in {page, place}:
            pixels = where.evaluate(TOO_WIDE)
            if pixels > 1:
                found.too_wide.append(f"{name}: {pixels} px wider than the window")
        if place.evaluate(_NARROW_TABLES):
            found.narrow_tables.append(name)
    found.complaints = complaints.found
    page.context.close()
    return found


def axe(place: Page | Frame, *, colours: bool) -> list[str]:
    """What axe thinks is serious or critical, with the elements it means."""
    place.evaluate(_AXE.read_text())
    told: dict[str, Any] = place.evaluate(
        """(colours) => axe.run(document, {iframes: false, resultTypes: ["violations"],
             rules: {"color-contrast": {enabled: colours}}})""",
        colours,
    )
    assert told["testEngine"]["name"] == "axe-core"
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in told["violations"]
        if one["impact"] in _GRAVE
        for node in one["nodes"][:3]
    ]
