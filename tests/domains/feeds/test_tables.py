"""Files that are called spreadsheets and are tables of HTML or Excel's XML of 2003, as many shops write them."""

from __future__ import annotations

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.reading import open_file
from tests.domains.feeds.files import opened, read_file

HTML = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<meta http-equiv="Content-Type" content="text/html; charset=windows-1250">
<style>td {mso-number-format:"\\@"}</style></head>
<body><table><tr><td>Acme</td></tr></table>
<table border=1><tr><td colspan=5>Cennik</td></tr>
<tr><th>Kod<th>Nazwa<th>Cena netto<th>Stan<th>Kolor</tr>
<tr><td>L&amp;1<td>Łapka z&nbsp;St&uuml;hle<script>alert(1)</script></td><td>5,00<td>3<td>
<tr><td>L-2</td><td rowspan=2>Lampa<br>stojąca</td><td>1.250,00<td>4<td>biały</tr>
<tr><td>L-3<td>7,00<td>&gt; 10<td>czarny</tr></table></body></html>"""
SHEETS = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Cover"><Table><Row><Cell><Data ss:Type="String">Acme</Data></Cell></Row></Table></Worksheet>
<Worksheet ss:Name="Prices"><Table><Row ss:Index="3"><Cell><Data ss:Type="String">SKU</Data></Cell>
<Cell><Data ss:Type="String">Title</Data></Cell><Cell ss:Index="4"><Data ss:Type="String">Cost</Data></Cell>
<Cell><Data ss:Type="String">EAN</Data></Cell></Row>
<Row><Cell><Data ss:Type="Number">1000</Data></Cell><Cell><ss:Data ss:Type="String"
xmlns="http://www.w3.org/TR/REC-html40"><B>Desk</B> lamp</ss:Data></Cell>
<Cell ss:Index="4"><Data ss:Type="Number">5.125</Data></Cell>
<Cell><Data ss:Type="Number">4006381333931</Data></Cell></Row>
<Row><Cell ss:MergeAcross="1"><Data ss:Type="String">Chairs</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">C-1</Data></Cell><Cell><Data ss:Type="String">Chair</Data></Cell>
<Cell ss:Index="4"><Data ss:Type="Number">12500</Data></Cell></Row></Table></Worksheet></Workbook>"""


@pytest.mark.parametrize("name", ["liste.xls", "liste.csv", "export"])
def test_a_table_of_html_is_a_list(name: str) -> None:
    content = HTML.encode("cp1250", errors="xmlcharrefreplace")
    file = opened(content, name=name, currency="PLN")
    rows = list(file.rows)
    assert (file.detected["format"], file.detected["header_row"]) == ("HTML", 2)
    assert [(row.sku, row.record["title"], row.record["cost"], row.record["stock"]) for row in rows] == [
        ("L&1", "Łapka z Stühle", 500, 3), ("L-2", "Lampa stojąca", 125000, 4), ("L-3", "Lampa stojąca", 700, 10),
    ]  # fmt: skip
    assert rows[1].handle == rows[2].handle, "the cell of the title goes over both rows"


def test_a_page_in_utf_16_is_one_too() -> None:
    rows = read_file(("\ufeff" + HTML).encode("utf-16-le"), name="liste.xls", currency="PLN")
    assert [row.sku for row in rows] == ["L&1", "L-2", "L-3"]


@pytest.mark.parametrize("name", ["prices.xls", "prices.xml"])
def test_excels_xml_of_2003_is_a_workbook(name: str) -> None:
    file = opened(SHEETS.encode(), name=name, currency="EUR")
    rows = list(file.rows)
    assert (file.detected["sheet"], file.detected["sheets_skipped"]) == ("Prices", ["Cover"])
    assert [(row.row, row.sku, row.record["title"], row.record["cost"]) for row in rows] == [
        (4, "1000", "Desk lamp", 513), (6, "C-1", "Chair", 1250000),
    ]  # fmt: skip
    assert rows[0].record["gtin"] == "4006381333931"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<!DOCTYPE html><html><body><form>Please sign in</form></body></html>", "web_page"),
        (SHEETS.replace("<?mso", '<!DOCTYPE l [<!ENTITY a "ha">]><?mso').replace(">Chairs<", ">&a;<"), "entities"),
        (SHEETS[:-200], "malformed"),
        ("<table>" * 100, "malformed"),
        (f"<table>{'<tr><td>x'}</table>", "no_rows"),
    ],
    ids=["sign-in", "entities", "cut", "deep", "one cell"],
)
def test_what_is_none_is_refused(content: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_file(content.encode(), name="list.xls")
    assert caught.value.code == code


_HTML_LIKE = st.text(alphabet='<>/ tdhrable="0123456789&;skuame', max_size=300).map(lambda text: f"<table><tr>{text}")
_XML_LIKE = st.text(alphabet='<>/ssDatRowCel:="0123456789&; sku', max_size=300).map(lambda text: SHEETS[:700] + text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(_HTML_LIKE, _XML_LIKE))
def test_any_markup_ends_in_rows_or_a_clear_error(content: str) -> None:
    stream = io.BytesIO(content.encode())
    try:
        rows = list(open_file(registries.feeds.get("sheet"), stream, Limits(rows=500), currency="USD").rows)
    except UnreadableFile as error:
        assert str(error)
    else:
        assert all(row.action in ("accepted", "merged", "rejected") for row in rows)
