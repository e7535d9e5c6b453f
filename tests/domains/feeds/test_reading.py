"""What is understood of a file, and what is refused with which words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.reading import open_file
from app.feeds.rules.numbers import NotANumber, decimal_mark, read_decimal, read_grams
from app.feeds.rules.texts import MOST_IMAGES
from tests.domains.feeds.files import HEADER, opened, read_file, template


def codes(content: bytes) -> list[str]:
    return [problem.code for row in read_file(content) for problem in row.problems if not problem.warning]


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.234,56", None, "1234.56"),
        ("1,234.56", None, "1234.56"),
        ("1 234,56", None, "1234.56"),
        ("12,50 €", None, "12.50"),
        ("$12.50", None, "12.50"),
        ("'12.50", None, "12.50"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("0.125", None, "0.125"),
        ("1'234.50", None, "1234.50"),
        ("1.234.567", None, "1234567"),
        ("11.00 / pc", None, "11.00"),
        ("13,00*", None, "13.00"),
        ("14,00 EUR/Stk.", None, "14.00"),
        ("15.00 excl. VAT", None, "15.00"),
        ("15 000 Fcfa", None, "15000"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, mark: str | None, value: str) -> None:
    assert str(read_decimal(text, mark)) == value


@pytest.mark.parametrize("text", ["free", "", "n/a", "12.50.1,2", "=1+1", "1e5", "--1", "12 apples"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        read_decimal(text)


def test_an_ambiguous_number_is_read_as_its_column_is_written() -> None:
    assert decimal_mark(["1.234", "0,50", "7"]) == ","
    assert decimal_mark(["12", "7"]) is None


@pytest.mark.parametrize(
    ("text", "unit", "grams"), [("0,8", "kg", 800), ("800", None, 800), ("2 lb", "kg", 907), ("16", "oz", 454)]
)
def test_weights_become_grams(text: str, unit: str | None, grams: int) -> None:
    assert read_grams(text, unit) == grams


@pytest.mark.parametrize("weight", ["10001", "3000000", "9" * 30])
def test_a_weight_that_nothing_has_is_left_out_with_a_warning(weight: str) -> None:
    (row,) = read_file(template(f"lamp,Lamp,L,,,12.50,5,{weight},kg,,,"))
    assert (row.action, row.record["weight_grams"]) == ("accepted", None)
    assert [(problem.code, problem.warning) for problem in row.problems] == [("not_a_weight", True)]


@pytest.mark.parametrize(("line", "field"), [("***,Lamp,L", "product_id"), (",Lamp,\N{BLACK STAR}", "sku")])
def test_a_row_whose_product_has_no_name_to_be_kept_by_is_refused(line: str, field: str) -> None:
    """It would be told of as taken over, and not be."""
    (row,) = read_file(template(f"{line},,,12.50,5,,,,,"))
    assert row.action == "rejected"
    assert [(problem.field, problem.code) for problem in row.problems] == [(field, "no_letters")]


def test_rows_of_one_product_share_its_texts() -> None:
    first, second = read_file(
        template(
            "lamp,Desk lamp,L-B,Color,Black,12.50,5,0.8,kg,https://i.example/1.jpg,4006381333931,<p>Warm</p>",
            "lamp,,L-W,,White,12.50,0,,,,,",
        )
    )
    assert (first.handle, second.handle) == ("lamp", "lamp")
    assert second.record["options"] == {"Color": "White"}
    assert (first.record["cost"], first.record["stock"], first.record["weight_grams"]) == (1250, 5, 800)
    assert second.record["stock"] == 0


def test_stock_that_is_not_told_is_unknown_and_never_zero() -> None:
    (row,) = read_file(template("lamp,Desk lamp,L-B,,,12.50,,,,,,"))
    assert "stock" not in row.record


@pytest.mark.parametrize(
    ("stock", "units", "code"),
    [("86.13", 86, "part_of_unit"), ("0.4", 0, "part_of_unit"), ("-1.5", 0, "below_zero"),
     ("2026-05-12", None, "unknown_stock"), ("12.05.26", None, "unknown_stock"), ("#N/A", None, "")],
)  # fmt: skip
def test_stock_that_is_no_number_of_units_keeps_its_product(stock: str, units: int | None, code: str) -> None:
    """What is sold by measure has its whole units; when there will be some says nothing of how many there are."""
    (row,) = read_file(template(f"a,Lamp,S1,,,5,{stock},,,,,"))
    assert (row.action, row.record.get("stock")) == ("accepted", units)
    assert [problem.code for problem in row.problems] == [code] * bool(code)


@pytest.mark.parametrize(
    ("written", "gtin"),
    [
        ("4006381333931.0", "4006381333931"), ("EAN: 4006381333931", "4006381333931"), ("36000291452", "036000291452"),
        ("#N/A", None),
    ],
)  # fmt: skip
def test_a_gtin_is_read_with_what_programs_put_to_it_or_took_from_it(written: str, gtin: str | None) -> None:
    (row,) = read_file(template(f"a,Lamp,S1,,,5,1,,,,{written},"))
    assert (row.record["gtin"], row.problems) == (gtin, [])


@pytest.mark.parametrize("title", ["#N/A", "#REF!", "#WERT!"])
def test_what_a_formula_shows_in_place_of_a_text_is_none(title: str) -> None:
    (row,) = read_file(template(f"a,{title},S1,,,5,1,,,,,"))
    assert [(problem.field, problem.code) for problem in row.problems] == [("title", "missing")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("a,Lamp,S1,,,free,1,,,,,", "not_a_price"),
        ("a,Lamp,S1,,,0,1,,,,,", "not_a_price"),
        ("a,Lamp,S1,,,-3,1,,,,,", "not_a_price"),
        ("a,Lamp,S1,,,,1,,,,,", "missing"),
        ("a,Lamp,S1,,,5,1.5.2,,,,,", "not_a_quantity"),
        ("a,Lamp,S1,,,5,99999999999,,,,,", "not_a_quantity"),
        ("a,,S1,,,5,1,,,,,", "missing"),
        (f"a,{'x' * 256},S1,,,5,1,,,,,", "too_long"),
        (f"a,Lamp,{'s' * 101},,,5,1,,,,,", "too_long"),
        (f"a,Lamp,S1,,,5,1,,,,,{'<b>' * 2500}", "too_large"),
    ],
)
def test_a_wrong_row_is_rejected_with_its_reason_and_the_others_stand(line: str, code: str) -> None:
    rows = read_file(template(line, "b,Chair,S2,,,9.00,3,,,,,"))
    assert [row.action for row in rows] == ["rejected", "accepted"]
    assert code in [problem.code for problem in rows[0].problems]
    assert rows[0].row == 2


def test_a_comma_price_in_a_quoted_cell() -> None:
    (row,) = read_file(template('a,Lamp,S1,,,"1.234,56",1,,,,,'))
    assert row.record["cost"] == 123456


def test_scripts_and_formulas_are_only_text() -> None:
    (row,) = read_file(
        template('a,=HYPERLINK("http://evil"),S1,,,5,1,,,,,"<p onclick=x()>Hi<script>steal()</script></p>"')
    )
    assert row.record["title"].startswith("=HYPERLINK")
    assert row.record["description"] == "<p>Hi</p>"


def test_a_repeated_sku_is_merged_when_it_says_the_same_and_refused_when_it_does_not() -> None:
    same, other = "a,Lamp,S1,,,5,1,,,,,", "a,Lamp,S1,,,6,1,,,,,"
    rows = read_file(template(same, same, other))
    assert [row.action for row in rows] == ["accepted", "merged", "rejected"]
    assert "Row 2" in rows[2].problems[-1].message


def test_a_wrong_gtin_is_left_out_with_a_warning() -> None:
    (row,) = read_file(template("a,Lamp,S1,,,5,1,,,,4006381333930,"))
    assert row.action == "accepted"
    assert row.record["gtin"] is None
    assert [problem.code for problem in row.problems] == ["bad_gtin"]


def test_pictures_are_bounded_and_strange_addresses_left_out() -> None:
    urls = "|".join([*(f"https://i.example/{n}.jpg" for n in range(60)), "javascript:alert(1)"])
    (row,) = read_file(template(f"a,Lamp,S1,,,5,1,,,{urls},,"))
    assert len(row.record["images"]) == MOST_IMAGES
    assert [problem.code for problem in row.problems] == ["bad_address"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"\x00\x01\x02binary", "binary"),
        (b"PK\x03\x04 workbook", "not_csv"),
        (b"%PDF-1.7", "not_csv"),
        (f"{HEADER}\n".encode(), "no_rows"),
        (b"foo,bar\n1,2\n", "no_columns"),
        (template(f"a,Lamp,S1,,,5,1,,,,,{'x' * 10_000_000}"), "cell_too_large"),
        ((",".join(f"c{n}" for n in range(600)) + "\n1\n").encode(), "too_many_columns"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_file(content)
    assert caught.value.code == code


class EndlessRows(io.RawIOBase):
    """A file of a million rows that is never held in memory."""

    def __init__(self, rows: int) -> None:
        self._lines = self._make(rows)
        self._rest = b""
        self._count = rows

    def _make(self, rows: int) -> Iterator[bytes]:
        yield f"{HEADER}\n".encode()
        yield from (b"a%d,Lamp,S%d,,,5,1,,,,,\n" % (n, n) for n in range(rows))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._lines, self._rest = self._make(self._count), b""
        return 0

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while len(self._rest) < len(view):
            line = next(self._lines, None)
            if line is None:
                break
            self._rest += line
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def test_a_million_rows_are_refused_without_being_read_to_the_end() -> None:
    stream = io.BufferedReader(EndlessRows(1_000_000))
    with pytest.raises(UnreadableFile) as caught:
        sum(1 for _ in open_file(registries.feeds.get("csv"), stream, Limits(rows=1000), currency="USD").rows)
    assert caught.value.code == "too_many_rows"
    assert caught.value.row == 1002


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found_out(encoding: str, separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["Artikelnummer", "Bezeichnung", "Einkaufspreis", "Lagerbestand", "Farbe"])
    for number in range(30):
        writer.writerow([f"A-{number}", f"Stühle für draußen {number}", "12,50", "3", "grün"])
    file = opened(out.getvalue().encode(encoding), currency="EUR")
    rows = list(file.rows)
    assert file.detected["separator"] == separator
    assert rows[0].record["title"] == "Stühle für draußen 0"
    assert (rows[0].record["cost"], rows[0].record["stock"]) == (1250, 3)
    assert rows[0].record["options"] == {"Color": "grün"}


@settings(deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_give_rows_or_a_clear_refusal(content: bytes) -> None:
    try:
        rows = read_file(content)
    except UnreadableFile as error:
        assert str(error)
    else:
        assert all(row.action in ("accepted", "merged", "rejected") for row in rows)


@given(st.lists(st.lists(st.text(max_size=20), min_size=12, max_size=12), min_size=1, max_size=5))
def test_any_cells_give_rows_or_a_clear_refusal(cells: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([HEADER.split(","), *cells])
    try:
        rows = read_file(out.getvalue().encode("utf-8", errors="replace"))
    except UnreadableFile:
        return
    for row in rows:
        if row.action == "accepted":
            assert row.record["cost"] > 0
            assert row.record["title"]
            assert row.sku
