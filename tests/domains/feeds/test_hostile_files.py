"""Files that are broken, or made to do harm: each ends in rows or in a clear error, within the limits."""

from __future__ import annotations

import gzip
import io
import json
import stat
import zipfile
from functools import cache
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.reading import HEAD, open_file, recognised
from app.kit.errors import Rejected
from tests.domains.feeds.files import opened, read_file, template
from tests.domains.feeds.test_formats import GOOGLE, interchange, workbook
from tests.domains.feeds.test_packed import COMBINATIONS, PRODUCTS, packed, problem_with

_LAMPS = template(*(f"l-{n},Lamp {n},L-{n},Color,Black,12.50,{n},0.5,kg,https://a.example/{n}.jpg,," for n in range(9)))


@cache
def _whole(kind: str) -> tuple[bytes, str]:
    """A valid file of a kind, and its name."""
    match kind:
        case "csv":
            return _LAMPS, "list.csv"
        case "quoted tsv":
            return _LAMPS.replace(b",", b"\t").replace(b"Lamp 3", b'"Lamp ""3"" long"'), "list.tsv"
        case "utf-16":
            return _LAMPS.decode().encode("utf-16"), "list.csv"
        case "xlsx":
            return workbook(A=[["SKU", "Title", "Cost"], *([f"S{n}", f"Lamp {n}", n] for n in range(1, 9))]), "a.xlsx"
        case "xls":
            return (Path(__file__).parent / "five_sheets.xls").read_bytes(), "liste.xls"
        case "xml":
            return GOOGLE.encode(), "feed.xml"
        case "json":
            items = [{"sku": f"S{n}", "name": f"Lamp {n}", "price": 1.5, "stock": {"qty": n}} for n in range(9)]
            return json.dumps({"products": items}).encode(), "list.json"
        case "x12":
            lines = [
                line.format(n) for n in range(1, 9) for line in ("LIN*{0}*VP*D-{0}", "PID*F****Drill {0}", "CTP**NET*6")
            ]
            return interchange("ST*832*0001", *lines, "SE*9*1", separator="*", terminator="~").encode(), "832.edi"
        case "zip":
            return packed({"products.csv": PRODUCTS, "combinations.csv": COMBINATIONS}), "export.zip"
        case _:
            return gzip.compress(_LAMPS), "list.csv.gz"


_KINDS = ("csv", "quoted tsv", "utf-16", "xlsx", "xls", "xml", "json", "x12", "zip", "gz")
_PLACES = st.floats(0, 1, exclude_max=True)
_HARMFUL = [
    b"\x00", b"\xff\xfe", b'"', b"\n", b"<", b"&#0;", b"]]>", b"{", b"[" * 200, b"1e999999", b"~", b"*", b"\t" * 600,
]  # fmt: skip
_PIECES = st.one_of(st.binary(max_size=8), st.sampled_from(_HARMFUL))
_WAYS = st.sampled_from(["cut", "put", "over", "twice", "end"])
_CHANGES = st.lists(st.tuples(_WAYS, _PLACES, _PIECES), min_size=1, max_size=6)


def _changed(content: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    for how, place, piece in changes:
        at = int(place * len(content))
        match how:
            case "cut":
                content = content[:at] + content[at + len(piece) + 1 :]
            case "put":
                content = content[:at] + piece + content[at:]
            case "over":
                content = content[:at] + piece + content[at + len(piece) :]
            case "twice":
                content = content[:at] + content[at // 2 :]
            case _:
                content = content[:at]
    return content


@pytest.mark.parametrize("kind", _KINDS)
def test_a_valid_file_that_is_damaged_anywhere_ends_in_rows_or_a_clear_error(kind: str) -> None:
    whole, name = _whole(kind)
    assert [row for row in read_file(whole, name=name, currency="USD") if row.row], "undamaged, it is read"

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_CHANGES)
    def check(changes: list[tuple[str, float, bytes]]) -> None:
        content = _changed(whole, changes)
        try:
            feed = recognised(registries.feeds.all(), content[:HEAD], name)
            rows = list(
                open_file(registries.feeds.get(feed), io.BytesIO(content), Limits(rows=500), currency="USD").rows
            )
        except (UnreadableFile, Rejected) as error:
            assert str(error)
        else:
            assert all(row.action in ("accepted", "merged", "rejected") for row in rows)
            assert all(row.record["cost"] > 0 and row.record["title"] for row in rows if row.action == "accepted")

    check()


def test_a_link_in_an_archive_is_a_text_and_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(_LAMPS)
    link = zipfile.ZipInfo("list.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(link, str(secret))
    assert problem_with(out.getvalue())[0] in ("no_rows", "no_columns")


@pytest.mark.parametrize(
    "number", ["1e999999", "-1e999999", "1" * 5000, "1e-999999", "1e99999999999999999999", "NaN", "Infinity"]
)
def test_numbers_that_no_program_can_hold_are_no_price(number: str) -> None:
    content = f'[{{"sku": "A", "name": "Lamp", "price": {number}}}, {{"sku": "B", "name": "Stool", "price": 5}}]'
    try:
        rows = read_file(content.encode(), name="list.json")
    except UnreadableFile as error:
        assert error.code == "malformed"
    else:
        assert [(row.sku, row.action) for row in rows] == [("A", "rejected"), ("B", "accepted")]


@pytest.mark.parametrize("price", ["1e999999", "9" * 400, "0." + "0" * 400 + "1", "1,1,1,1", "--5"])
def test_prices_beyond_reason_reject_their_row_alone(price: str) -> None:
    bad, good = read_file(f'SKU,Title,Cost\nA,Lamp,"{price}"\nB,Stool,5\n'.encode())
    assert (bad.action, [problem.field for problem in bad.problems]) == ("rejected", ["cost"])
    assert good.action == "accepted"


def test_macros_and_links_to_other_workbooks_are_not_looked_at() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("List")
        sheet.write_row(0, 0, ["SKU", "Title", "Cost"])
        sheet.write_row(1, 0, ["A-1", "Lamp"])
        sheet.write_formula(1, 2, "='C:\\secret\\[other.xlsx]Sheet1'!A1", None, 5)
    with zipfile.ZipFile(out, "a") as made:
        made.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 macros")
        made.writestr("xl/externalLinks/externalLink1.xml", b'<externalLink r:id="http://evil.example/"/>')
    (row,) = read_file(out.getvalue(), name="list.xlsm")
    assert (row.sku, row.record["cost"]) == ("A-1", 500)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('<!DOCTYPE a [<!ENTITY % p SYSTEM "http://e.example/x"> %p;]><a><item><name>x</name></item></a>', "entities"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a><item><name>&b;</name></item></a>', "entities"),
    ],
)  # fmt: skip
def test_a_document_that_declares_entities_is_refused(document: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        opened(document.encode(), name="a.xml")
    assert caught.value.code == code


def test_a_document_type_alone_is_passed_over_and_never_fetched() -> None:
    item = "<item><sku>A</sku><name>Lamp</name><price>5</price></item>"
    document = f'<!DOCTYPE a SYSTEM "http://evil.example/x.dtd"><a>{item}</a>'
    (row,) = read_file(document.encode(), name="a.xml")
    assert row.sku == "A"


def test_values_that_stand_too_deep_are_refused() -> None:
    deep = '{"a":' * 500 + "1" + "}" * 500
    with pytest.raises(UnreadableFile):
        read_file(f'[{{"sku": "A", "name": "Lamp", "price": 5, "more": {deep}}}]'.encode(), name="a.json")


def test_a_cell_far_away_takes_no_memory() -> None:
    """A sheet of two cells, one in the last row and column that there are: sixteen thousand million as a rectangle."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Products")
    for row, line in enumerate([("SKU", "Title", "Cost"), ("A", "Lamp", 5)]):
        sheet.write_row(row, 0, line)
    sheet.write(1_048_575, 16_383, "far")
    book.close()
    with pytest.raises(UnreadableFile) as refused:
        read_file(out.getvalue(), name="list.xlsx")
    assert refused.value.code == "too_large_unpacked"


def test_x12_elements_that_part_nothing_else_are_read_or_told_of() -> None:
    lines = ["LIN**VP*A-1", "PID*F****Lamp", "QTY*33*5 pcs", "QTY*9 9*1"]
    prices = ["CTP**NET*5.00*1", "CTP**NET*4.00 | x*10", f"CTP**NET*4.50*{'9' * 5000}"]
    content = interchange("ST*832*0001", *lines, *prices, "SE*9*1", separator="*", terminator="~")
    (row,) = read_file(content.encode(), name="832.edi")
    assert (row.sku, row.record["stock"], row.record["cost"]) == ("A-1", 5, 500)
