"""A file that is read by the lines which the last one had says what it says when all of it is read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app.feeds.feed import NotLines, UnreadableFile
from app.feeds.rules.known_lines import KnownProducts, OtherLines, parted
from app.feeds.rules.marks import SameRows
from app.feeds.rules.records import ReadProduct, ReadRow, TakenForKnown
from app.feeds.rules.same_lines import compared
from tests.domains.feeds.files import opened

TEMPLATE = "product_id,title,sku,option1_name,option1_value,cost,stock,weight,weight_unit,image_urls,description,status"
SHOPIFY = "Handle,Title,Variant SKU,Option1 Name,Option1 Value,Variant Price,Variant Inventory Qty,Image Src"
PLAIN = "sku,title,colour,cost,stock,description"


def list_of(header: str, products: Sequence[Sequence[tuple[str, str]]]) -> list[str]:
    """A list of products, each with a stock and a price for each of its variants."""
    lines = [header]
    for number, variants in enumerate(products):
        for place, (stock, cost) in enumerate(variants):
            sku, title, option = f"P{number}-{place}", f"Product {number}", f"no {place}"
            if header == TEMPLATE:
                lines.append(f"p-{number},{title},{sku},Color,{option},{cost},{stock},1,kg,,Good,active")
            elif header == SHOPIFY:
                lines.append(f"p-{number},{title if not place else ''},{sku},Color,{option},{cost},{stock},")
            else:
                lines.append(
                    f"{sku},{title if not place else ''},{option if len(variants) > 1 else ''},{cost},{stock},Good"
                )
    return lines


PRODUCTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["0", "3", "7"]), st.sampled_from(["5.00", "6.00"])), min_size=1, max_size=4),
    min_size=4,
    max_size=10,
)
_PLACE = st.integers(0, 40)
#: What is done to lines: each with places among them.
EDIT = st.one_of(
    st.tuples(st.just("replace"), _PLACE, st.sampled_from([
        ("5.00", "8.00"), (",3,", ",9,"), ("P1-", "P2-"), ("p-1", "p-2"), ("p-1", "P-1"), ("p-2", ""), ("Product", ""),
        ("Product 1", "Lamp"), ("Color", "Size"), ("no 1", "no 0"), (",", ",,"), (",Good", ""), ("P1-0", ""),
        ("Product", '"Pro""duct"'), ("Product", '"Pro'), ("Good", '"Go\nod"'), ("Good", "Go\rod"), ("Good", '5" wide'),
        ("Good", "G\u00f6\u00f6d"), ("5.00", "free"), (",3,", ",plenty,"), (",7,", ",-2,"), ("P", "'P"),
    ])),
    st.tuples(st.just("drop"), _PLACE, st.integers(1, 4)),
    st.tuples(st.just("repeat"), _PLACE, _PLACE),
    st.tuples(st.just("move"), _PLACE, st.integers(1, 4), _PLACE),
    st.tuples(st.just("put in"), _PLACE, st.sampled_from([
        "", " ", "LAMPS", "new", "wrong", "header", ",,,,,", '"', "pictures",
    ])),
)  # fmt: skip
FINISH = st.sampled_from(["\n"] * 6 + ["\r\n", "no end", "bom", "latin", "\r"])


def edited(lines: list[str], edits: Sequence[tuple[Any, ...]]) -> list[str]:
    header, *rows = lines
    for what, place, *told in edits:
        at = place % (len(rows) or 1)
        if what == "replace" and rows:
            rows[at] = rows[at].replace(*told[0])
        elif what == "drop":
            del rows[at : at + told[0]]
        elif what == "repeat" and rows:
            rows.insert(told[0] % len(rows), rows[at])
        elif what == "move":
            moved = rows[at : at + told[0]]
            del rows[at : at + told[0]]
            rows[told[1] % (len(rows) + 1) : 0] = moved
        elif what == "put in":
            new = list_of(header, [[("1", "9.00")]] * 12)[12]
            special = {
                "new": new,
                "wrong": f"{new},x,y",
                "header": header,
                "pictures": "p-1,,,,,,,,,https://a.example/1.jpg,,",
            }
            rows.insert(at, special.get(told[0], told[0]))
    return [header, *rows]


def content_of(lines: Sequence[str], finish: str) -> bytes:
    end = finish if finish in ("\n", "\r\n", "\r") else "\n"
    text = end.join(lines) + ("" if finish == "no end" else end)
    if finish == "latin":
        return text.replace("Good", "G\u00fct").encode("latin-1", errors="replace")
    return (b"\xef\xbb\xbf" if finish == "bom" else b"") + text.encode()


Said = list[tuple[Any, ...]]


def said_by(rows: Iterator[ReadRow | ReadProduct | SameRows]) -> tuple[Said, dict[str, str]]:
    """What was read, row by row, and the marks of products that would be kept."""
    said: Said = []
    marks: dict[str, str] = {}
    for one in rows:
        if isinstance(one, SameRows):
            columns = zip(one.rows, one.handles, one.skus, one.stocks, strict=True)
            said += [(row, handle, sku, "same", stock) for row, handle, sku, stock in columns]
            continue
        for row in one.as_rows() if isinstance(one, ReadProduct) else [one]:
            problems = [problem.to_json() for problem in row.problems]
            said.append((row.row, row.handle, row.sku, row.action, row.record, problems, row.mark))
            marks[row.handle] = row.mark if marks.get(row.handle, row.mark) == row.mark else ""
    return sorted(said, key=lambda row: row[0]), {handle: mark for handle, mark in marks.items() if handle and mark}


def by_marks(content: bytes, marks: Mapping[str, str]) -> tuple[Said, dict[str, str], bytes | None]:
    file = opened(content)
    said, made = said_by(file.beside.rows(lambda _: marks))
    return said, made, file.beside.told(io.BytesIO(content))


def _by_lines(
    content: bytes, marks: Mapping[str, str], earlier: bytes, told: bytes
) -> tuple[Said, bytes | None] | None:
    """None where the file before was read in another way."""
    file = opened(content)
    known = KnownProducts.from_bytes(told, file.beside.way)
    if known is None:
        return None
    lines = compared(io.BytesIO(earlier), io.BytesIO(content))
    said, _ = said_by(file.beside.rows_of_lines(marks, known, lines))
    return said, file.beside.told(io.BytesIO(content))


def told_by(kept: bytes | None) -> dict[int, tuple[str, str, list[str], list[int | None]]]:
    """By the line of the first row of each product: its handle, mark, SKUs and stock."""
    if kept is None:
        return {}
    known = KnownProducts.from_bytes(kept, orjson.loads(kept)[0])
    assert known is not None
    found, at = {}, 0
    for first, size, handle, mark in zip(known.firsts, known.sizes, known.handles, known.marks, strict=True):
        found[first] = (handle, mark, known.skus[at : at + size], known.stocks[at : at + size])
        at += size
    return found


@given(
    header=st.sampled_from([TEMPLATE, TEMPLATE, SHOPIFY, PLAIN]),
    products=PRODUCTS,
    before=st.lists(EDIT, max_size=1),
    edits=st.lists(EDIT, max_size=4),
    finishes=st.tuples(FINISH, FINISH),
    changed_since=st.sets(st.integers(0, 10), max_size=2),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_read_by_lines_is_what_is_read_as_a_whole(
    header: str,
    products: list[list[tuple[str, str]]],
    before: list[tuple[Any, ...]],
    edits: list[tuple[Any, ...]],
    finishes: tuple[str, str],
    changed_since: set[int],
) -> None:
    lines = edited(list_of(header, products), before)
    first, second = content_of(lines, finishes[0]), content_of(edited(lines, edits), finishes[1])
    try:
        _, marks, told = by_marks(first, {})
    except (UnreadableFile, TakenForKnown):
        return
    if told is None:
        event("nothing is told of the lines")
        return
    holding = {handle: mark for place, (handle, mark) in enumerate(marks.items()) if place not in changed_since}
    try:
        whole, _, told_of_whole = by_marks(second, holding)
    except UnreadableFile:
        event("unreadable")
        return
    except TakenForKnown:
        event("marks do not do")
        with pytest.raises((TakenForKnown, NotLines, StopIteration)):
            if _by_lines(second, holding, first, told) is None:
                raise StopIteration from None
        return
    try:
        found = _by_lines(second, holding, first, told)
    except (NotLines, TakenForKnown) as error:
        event(f"not by lines: {type(error).__name__}")
        return
    event("by lines" if found is not None else "another way")
    if found is not None:
        assert found[0] == whole
        told_since, told_whole = told_by(found[1]), told_by(told_of_whole)
        assert told_whole.items() <= told_since.items()
        by_row = {row: said for row, *said in whole}
        for first_line, (handle, _, skus, _) in told_since.items():
            assert [by_row[row][:2] for row in range(first_line, first_line + len(skus))] == [
                [handle, sku] for sku in skus
            ]


def test_only_the_lines_of_products_that_changed_are_read_again() -> None:
    lines = list_of(TEMPLATE, [[("3", "5.00")] * 3 for _ in range(5000)])
    first = content_of(lines, "\n")
    _, marks, told = by_marks(first, {})
    assert told is not None
    known = KnownProducts.from_bytes(told, orjson.loads(told)[0])
    assert known is not None
    second = list(lines)
    second[301] = second[301].replace("5.00", "6.00")
    del second[6001:6004]
    second[9001:9001] = ["p-n,New,N-1,Color,Red,5.00,1,1,kg,,Good,active"]
    parts = parted(known.holding(marks), compared(io.BytesIO(first), io.BytesIO(content_of(second, "\n"))))

    read = [part for part in parts if isinstance(part, OtherLines)]
    assert [(part.first, len(part.lines)) for part in read] == [(1, 4), (302, 3), (9002, 1)]
    assert _by_lines(content_of(second, "\n"), marks, first, told) is not None


@pytest.mark.parametrize(
    ("second", "parts"),
    [
        pytest.param(b"a\nb\nc\n", [(1, 1, 3)], id="all"),
        pytest.param(b"a\nb\nc", [(1, 1, 3)], id="all but the last line feed"),
        pytest.param(b"a\nx\nc\n", [(1, 1, 1), (2, None, 1), (3, 3, 1)], id="a line is another one"),
        pytest.param(b"b\nc\n", [(1, 2, 2)], id="a line is left out"),
        pytest.param(b"a\nx\ny\nb\nc\n", [(1, 1, 1), (2, None, 2), (4, 2, 2)], id="lines are put in"),
        pytest.param(b"x\ny\nz\n", [(1, None, 3)], id="none"),
        pytest.param(b"", [], id="no line"),
    ],
)
def test_lines_are_compared_in_order(second: bytes, parts: list[tuple[int, int | None, int]]) -> None:
    stretches = compared(io.BytesIO(b"a\nb\nc\n"), io.BytesIO(second))
    assert [(one.first, one.before, len(one.lines)) for one in stretches] == parts


@given(
    st.lists(st.sampled_from([b"a", b"b", b"c", b"", b"d" * 40])),
    st.lists(st.sampled_from([b"a", b"b", b"c", b"", b"e" * 40])),
)
def test_every_line_is_compared_and_none_is_taken_for_another(old: list[bytes], new: list[bytes]) -> None:
    content = b"\n".join(new)
    lines, number = content.split(b"\n"), 1
    earlier = b"\n".join(old).split(b"\n")
    for one in compared(io.BytesIO(b"\n".join(old)), io.BytesIO(content)):
        assert one.first == number
        assert list(one.lines) == lines[number - 1 : number - 1 + len(one.lines)]
        if one.before is not None:
            assert list(one.lines) == earlier[one.before - 1 : one.before - 1 + len(one.lines)]
        number += len(one.lines)
    assert number - 1 == len(lines) - (lines[-1] == b"")
