"""A long list that is read in two halves comes out as if it had been read as a whole."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app import db
from app.feeds.feed import NotLines, UnreadableFile
from app.feeds.queries import rows
from app.feeds.rules.records import TakenForKnown
from app.kit.paging import encode_cursor
from tests.domains.feeds.files import opened
from tests.domains.feeds.test_runs import _files_here, run_of, supplier_id, upload
from tests.domains.feeds.test_same_lines import (
    EDIT,
    FINISH,
    PRODUCTS,
    SHOPIFY,
    TEMPLATE,
    by_marks,
    content_of,
    edited,
    list_of,
    said_by,
    told_by,
)
from tests.stack import Jobs

__all__ = ["_files_here", "supplier_id"]


@given(
    header=st.sampled_from([TEMPLATE, SHOPIFY]),
    products=PRODUCTS,
    edits=st.lists(EDIT, max_size=2),
    finish=FINISH,
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_halves_say_what_the_whole_says(
    header: str, products: list[list[tuple[str, str]]], edits: list[tuple[Any, ...]], finish: str
) -> None:
    content = content_of(edited(list_of(header, products), edits), finish)
    try:
        whole, _, told_of_whole = by_marks(content, {})
    except UnreadableFile:
        return
    files = opened(content), opened(content)
    parts = files[0].beside.halves(io.BytesIO(content))
    if parts is None:
        event("not in halves")
        return
    try:
        first, second = (
            said_by(file.beside.rows_of_half({}, io.BytesIO(content), half))[0]
            for file, half in zip(files, parts, strict=True)
        )
        files[0].beside.join(files[1].beside.said())
    except (NotLines, TakenForKnown) as error:
        event(f"not in halves after all: {type(error).__name__}")
        return
    event("in halves")
    assert first + second == whole
    assert told_by(files[0].beside.told(io.BytesIO(content))).items() <= told_by(told_of_whole).items()


def _long_list(*lines: str) -> bytes:
    """Large enough for two processes, with few products, and some lines at its end."""
    header = "product_id,title,sku,option1_name,option1_value,cost,stock,description"
    texts = [f"{number} is a good number. " * 200 for number in range(300)]
    listed = [
        f"p-{number},Lamp {number},S{number}-{colour},Color,{colour},5.00,{number % 7},{text}"
        for number, text in enumerate(texts)
        for colour in ("red", "blue")
    ]
    return "\n".join([header, *listed, *lines, ""]).encode()


@pytest.mark.parametrize(
    ("last", "found"),
    [
        pytest.param("p-new,New,N-1,Color,red,5.00,1,Good", ("new", []), id="nothing in common"),
        pytest.param("p-new,New,S0-red,Color,red,6.00,1,Good", ("rejected", ["sku"]), id="an SKU of both"),
        pytest.param("p-0,Lamp 0,S0-green,Color,green,5.00,1,", ("new", []), id="a product of both"),
        pytest.param('p-new,New,N-1,Color,red,5.00,1,"Good\nand cheap"', ("new", []), id="a row of two lines"),
    ],
)
def test_two_processes_keep_what_one_would(
    supplier_id: UUID, jobs: Jobs, last: str, found: tuple[str, list[str]]
) -> None:
    run_id = upload(supplier_id, _long_list(last))
    jobs.drain()
    run = run_of(run_id)
    assert run.state == "READY", run.error
    assert (run.counts["rows"], run.counts["new"]) == (601, 601 - (found[0] == "rejected"))
    with db.transaction() as session:
        before, last_row = (
            list(rows(session, run, action=None, limit=10, cursor=place).items)
            for place in (None, encode_cursor([600]))
        )
    assert [row.row for row in before + last_row] == [*range(2, 12), 601, 602]
    kept = last_row[-1]
    assert (kept.action, [problem["field"] for problem in kept.problems]) == found
