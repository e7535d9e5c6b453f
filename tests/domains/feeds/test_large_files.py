"""Files as large and as odd as real suppliers' are: read whole, row for row, with columns recognised for certain."""

from __future__ import annotations

import io

import xlsxwriter

from tests.domains.feeds.files import opened, read_file

ROWS = 43_500


def test_a_price_list_of_43_500_rows_in_a_spreadsheet() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Cennik")
        sheet.write_row(0, 0, ["Cennik hurtowy 2026"])
        sheet.write_row(2, 0, ["Kod towaru", "Nazwa", "Cena netto", "Stan magazynowy", "Producent"])
        for row in range(ROWS):
            sheet.write_row(row + 3, 0, [f"PL-{row:05}", f"Lampa stołowa {row}", 10 + row / 100, row % 40, "Światło"])
    file = opened(out.getvalue(), name="cennik.xlsx", currency="PLN")
    rows = list(file.rows)
    assert (len(rows), file.detected["unsure"]) == (ROWS, [])
    assert {row.action for row in rows} == {"accepted"}
    last = rows[-1]
    assert (last.sku, last.record["cost"], last.record["stock"]) == (f"PL-{ROWS - 1:05}", 44499, (ROWS - 1) % 40)


def test_a_yml_of_3_000_offers_with_variants() -> None:
    offers = "".join(
        f'<offer id="{n}" available="{"true" if n % 5 else "false"}" group_id="{n // 3}"><name>Лампа {n // 3}</name>'
        f"<price>{n + 1}.50</price><currencyId>EUR</currencyId><categoryId>2</categoryId><vendor>Свет</vendor>"
        f'<vendorCode>V-{n}</vendorCode><param name="Цвет">цвет {n % 3}</param></offer>'
        for n in range(3000)
    )
    categories = '<category id="1">Дом</category><category id="2" parentId="1">Лампы</category>'
    content = (
        '<?xml version="1.0" encoding="windows-1251"?><yml_catalog date="2026-11-01"><shop>'
        f"<categories>{categories}</categories><offers>{offers}</offers></shop></yml_catalog>"
    )
    file = opened(content.encode("cp1251"), name="yml.xml", currency="EUR")
    rows = list(file.rows)
    assert (len(rows), {row.action for row in rows}, file.detected["unsure"]) == (3000, {"accepted"}, [])
    assert len({row.handle for row in rows}) == 1000
    assert (rows[-1].sku, rows[-1].record["category"], rows[-1].record["options"]) == (
        "V-2999", "Дом > Лампы", {"Color": "цвет 2"},
    )  # fmt: skip


def test_tabs_windows_1250_and_quotes_that_close_nowhere_at_once() -> None:
    lines = ["Kod\tNázev\tCena bez DPH\tSklad"]
    for n in range(4000):
        title = f'"Trubka 3/4 dlouhá {n}' if n % 1000 == 999 else f'Židle {n} "dětská"' if n % 7 == 0 else f"Stůl {n}"
        lines.append(f"K-{n}\t{title}\t{n + 1},50\t{n % 9}")
    rows = read_file("\r\n".join(lines).encode("cp1250"), name="cenik.txt", currency="CZK")
    assert [row.sku for row in rows] == [f"K-{n}" for n in range(4000)]
    assert {row.action for row in rows} == {"accepted"}
    assert (rows[0].record["title"], rows[999].record["title"].lstrip('"')) == (
        'Židle 0 "dětská"',
        "Trubka 3/4 dlouhá 999",
    )
