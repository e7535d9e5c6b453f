"""Files of every usual kind become the same rows: spreadsheets, XML, JSON and EDI."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.reading import open_file
from app.feeds.rules.header import plain_number
from app.feeds.rules.records import ReadRow
from app.feeds.rules.stock_words import FEW_UNITS, IN_STOCK_UNITS, NotAQuantity, read_stock
from tests.domains.feeds.files import opened, read_file

EAN = "4006381333931"


def accepted(content: bytes | str, name: str, **how: Any) -> list[ReadRow]:
    """Rows that can be taken over; that none is rejected is part of the promise."""
    rows = read_file(content.encode() if isinstance(content, str) else content, name=name, **how)
    assert [row for row in rows if row.action == "rejected"] == []
    return [row for row in rows if row.action == "accepted"]


def workbook(**sheets: list[list[Any]]) -> bytes:
    """An Excel file with these sheets."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for title, rows in sheets.items():
        sheet = book.add_worksheet(title)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, place, cell)
    book.close()
    return out.getvalue()


def test_of_several_sheets_the_one_with_products_is_read_from_its_late_header_on() -> None:
    content = workbook(
        Cover=[["Acme wholesale"], [], ["Valid from", "2026-01-01"]],
        Prices=[
            ["Price list 2026"],
            [],
            [None, "Item No.", "Description", "Barcode", "Trade Price", "RRP", "Stock", "Weight (kg)"],
            [None, "A-1", "Desk lamp", int(EAN), 12.125, 29.9, 40, 1.5],
            [],
            [None, "A-2", "Floor lamp", "", 80, 199, 0, 6],
        ],
        Terms=[["Terms of delivery"]],
    )
    file = opened(content, name="prices.xlsx")
    rows = list(file.rows)
    assert (file.detected["sheet"], file.detected["header_row"]) == ("Prices", 3)
    assert [(row.row, row.sku, row.record["title"]) for row in rows] == [
        (4, "A-1", "Desk lamp"),
        (6, "A-2", "Floor lamp"),
    ]
    assert [row.record["gtin"] for row in rows] == [EAN, None]
    assert [row.record["cost"] for row in rows] == [1213, 8000]
    assert [row.record["stock"] for row in rows] == [40, 0]
    assert [row.record["weight_grams"] for row in rows] == [1500, 6000]


def test_an_old_workbook_with_five_sheets_is_read() -> None:
    content = (Path(__file__).parent / "five_sheets.xls").read_bytes()
    rows = accepted(content, "liste.xls", currency="EUR")
    assert [(row.sku, row.record["cost"], row.record["stock"]) for row in rows] == [
        ("L-100", 1990, 12),
        ("L-101", 2013, 0),
        ("L-102", 5500, 7),
    ]
    assert rows[0].record["options"] == {"Color": "schwarz"}


def test_formulas_are_what_they_show_and_text_that_looks_like_one_stays_text() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("List")
        sheet.write_row(0, 0, ["SKU", "Title", "Cost"])
        for number, title in enumerate(("Lamp", "Chair"), start=1):
            sheet.write_string(number, 1, title)
            sheet.write_number(number, 2, 5)
        sheet.write_formula(1, 0, '="L-"&1+1', None, "L-2")
        sheet.write_string(2, 0, "=1+1")
    assert [(row.sku, row.record["title"]) for row in accepted(out.getvalue(), "list.xlsx")] == [
        ("L-2", "Lamp"),
        ("=1+1", "Chair"),
    ]


def test_a_workbook_that_swells_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as entry:
            for _ in range(700):
                entry.write(b" " * 1024 * 1024)
    with pytest.raises(UnreadableFile) as caught:
        opened(out.getvalue(), name="bomb.xlsx")
    assert caught.value.code == "too_large_unpacked"


GOOGLE = f"""<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>The shop</title>
<item><g:id>G1</g:id><title>Shirt</title><g:description>Cotton</g:description>
<g:image_link>https://a.example/1.jpg</g:image_link>
<g:additional_image_link>https://a.example/2.jpg</g:additional_image_link>
<g:price>12.50 USD</g:price><g:availability>in stock</g:availability>
<g:item_group_id>S</g:item_group_id><g:color>red</g:color><g:size>M</g:size><g:gtin>{EAN}</g:gtin>
<g:shipping_weight>1.5 kg</g:shipping_weight>
<g:shipping><g:country>US</g:country><g:price>4.00 USD</g:price></g:shipping></item>
<item><g:id>G2</g:id><title>Shirt</title><g:price>12.50 USD</g:price><g:availability>out of stock</g:availability>
<g:item_group_id>S</g:item_group_id><g:color>red</g:color><g:size>L</g:size></item>
</channel></rss>"""


def test_google_merchant_groups_variants_and_keeps_shipping_apart() -> None:
    first, second = accepted(GOOGLE, "google.xml")
    assert (first.handle, second.handle) == ("s", "s")
    assert (first.sku, first.record["cost"], first.record["stock"]) == ("G1", 1250, 5)
    assert second.record["stock"] == 0
    assert first.record["options"] == {"Color": "red", "Size": "M"}
    assert first.record["weight_grams"] == 1500
    assert [url for url, _ in first.record["images"]] == ["https://a.example/1.jpg", "https://a.example/2.jpg"]


def test_yml_names_categories_by_their_tree_in_the_files_own_encoding() -> None:
    content = (
        '<?xml version="1.0" encoding="windows-1251"?><yml_catalog date="2026-11-01"><shop><categories>'
        '<category id="1">Дом</category><category id="2" parentId="1">Лампы</category></categories><offers>'
        '<offer id="7" available="true" group_id="3"><name>Лампа</name><price>10.50</price><currencyId>EUR</currencyId>'
        "<categoryId>2</categoryId><picture>https://a.example/1.jpg</picture><picture>https://a.example/2.jpg</picture>"
        '<vendor>Svet</vendor><vendorCode>V7</vendorCode><param name="Цвет">красный</param><count>4</count>'
        "<weight>1.2</weight></offer></offers></shop></yml_catalog>"
    )
    (row,) = accepted(content.encode("cp1251"), "feed.xml", currency="EUR")
    assert (row.handle, row.sku, row.record["title"]) == ("3", "V7", "Лампа")
    assert row.record["category"] == "Дом > Лампы"
    assert (row.record["stock"], row.record["weight_grams"]) == (4, 1200)
    assert row.record["options"] == {"Color": "красный"}
    assert len(row.record["images"]) == 2


def test_heureka_and_ceneo_are_read() -> None:
    heureka = (
        f"<SHOP><SHOPITEM><ITEM_ID>H1</ITEM_ID><PRODUCTNAME>Lampa</PRODUCTNAME><PRICE_VAT>123,50</PRICE_VAT>"
        f"<IMGURL>https://a.example/1.jpg</IMGURL><PARAM><PARAM_NAME>Barva</PARAM_NAME><VAL>modrá</VAL></PARAM>"
        f"<MANUFACTURER>Svit</MANUFACTURER><CATEGORYTEXT>Dům | Lampy</CATEGORYTEXT><EAN>{EAN}</EAN>"
        f"<DELIVERY><DELIVERY_ID>PPL</DELIVERY_ID><DELIVERY_PRICE>99</DELIVERY_PRICE></DELIVERY></SHOPITEM></SHOP>"
    )
    (row,) = accepted(heureka, "heureka.xml", currency="CZK")
    assert (row.sku, row.record["cost"], row.record["gtin"]) == ("H1", 12350, EAN)
    assert (row.record["category"], row.record["options"]) == ("Dům > Lampy", {"Color": "modrá"})
    ceneo = (
        '<offers version="1"><o id="1" url="https://a.example/" price="399" avail="3" weight="2.5" stock="6">'
        "<cat><![CDATA[Pokrowce]]></cat><name><![CDATA[Pokrowiec]]></name>"
        '<imgs><main url="https://a.example/1.jpg"/><i url="https://a.example/2.jpg"/></imgs>'
        f'<attrs><a name="Producent">Dagra</a><a name="EAN">{EAN}</a></attrs></o></offers>'
    )
    (row,) = accepted(ceneo, "ceneo.xml", currency="PLN")
    assert (row.sku, row.record["cost"], row.record["stock"]) == ("1", 39900, 6)
    assert (row.record["brand"], row.record["gtin"], row.record["weight_grams"]) == ("Dagra", EAN, 2500)
    assert len(row.record["images"]) == 2


@pytest.mark.parametrize(
    ("article", "aid"), [("ARTICLE", "SUPPLIER_AID"), ("PRODUCT", "SUPPLIER_PID")], ids=["1.2", "2005"]
)
def test_bmecat_takes_the_price_for_one(article: str, aid: str) -> None:
    prices = "".join(
        f'<{article}_PRICE price_type="{kind}"><PRICE_AMOUNT>{amount}</PRICE_AMOUNT><LOWER_BOUND>{bound}</LOWER_BOUND>'
        f"</{article}_PRICE>"
        for kind, amount, bound in (("net_customer", "80.50", 100), ("net_customer", "95.00", 1), ("nrp", "149.00", 1))
    )
    content = (
        f"<BMECAT><HEADER><CATALOG><MIME_ROOT>https://a.example/img/</MIME_ROOT></CATALOG></HEADER><T_NEW_CATALOG>"
        f"<{article}><{aid}>1000</{aid}><{article}_DETAILS><DESCRIPTION_SHORT>Drill</DESCRIPTION_SHORT>"
        f"<DESCRIPTION_LONG>Strong.</DESCRIPTION_LONG><EAN>{EAN}</EAN><MANUFACTURER_NAME>Acme</MANUFACTURER_NAME>"
        f"<KEYWORD>tools</KEYWORD><KEYWORD>power</KEYWORD></{article}_DETAILS>"
        f"<{article}_PRICE_DETAILS>{prices}</{article}_PRICE_DETAILS>"
        f"<MIME_INFO><MIME><MIME_TYPE>image/jpeg</MIME_TYPE><MIME_SOURCE>1.jpg</MIME_SOURCE></MIME></MIME_INFO>"
        f"</{article}></T_NEW_CATALOG></BMECAT>"
    )
    (row,) = accepted(content, "catalog.xml", currency="EUR")
    assert (row.sku, row.record["title"], row.record["cost"], row.record["msrp"]) == ("1000", "Drill", 9500, 14900)
    assert row.record["tags"] == ["tools", "power"]
    assert row.record["images"] == [["https://a.example/img/1.jpg", ""]]


def test_an_unknown_xml_gives_a_row_for_each_variant_with_what_its_product_says() -> None:
    content = (
        "<catalogue><made>2026</made><thing id='20'><name>Socks</name><brand>Warm</brand><price>4.90</price><photos>"
        "<photo>https://a.example/1.jpg</photo></photos><choices>"
        f"<choice id='S1'><label>S/M</label><stock>2</stock><ean>{EAN}</ean></choice>"
        "<choice id='S2'><label>L/XL</label><stock>0</stock><price>5.20</price></choice></choices></thing>"
        "<thing id='21'><name>Hat</name><brand>Warm</brand><price>9.90</price><choices>"
        "<choice id='S3'><label>L</label><stock>1</stock></choice></choices></thing></catalogue>"
    )
    rows = accepted(content, "things.xml")
    assert [(row.handle, row.sku, row.record["title"], row.record["cost"], row.record["stock"]) for row in rows] == [
        ("20", "S1", "Socks", 490, 2),
        ("20", "S2", "Socks", 520, 0),
        ("21", "S3", "Hat", 990, 1),
    ]
    assert rows[0].record["options"] == {"Size": "S/M"}
    assert rows[0].record["gtin"] == EAN


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]><items><item><name>&j;</name><price>1</price></item></items>"
)


def test_xml_that_was_put_together_by_hand_is_read_as_it_was_meant() -> None:
    item = (
        "<item><g:id>A-1</g:id><g:title>Lamp & shade &AMP caf&eacute;</g:title><g:price>9.00 EUR</g:price>\x0b"
        "<g:image_link>https://i.example/1.jpg?w=1&h=2&amp;q=3</g:image_link>"
        "<g:description><![CDATA[R&D &eacute; \x02]]></g:description></item>"
    )
    feed = f'<?xml version="1.0"?>\n<rss version="2.0"><channel>{item}<item><g:id>B-1</g:id>'
    feed += "<g:title>" + "Caf\u00e9 & " * 3 + "</g:title><g:price>1.00 EUR</g:price></item></channel></rss>"
    for encoded in (feed.encode(), feed.encode("cp1252")):
        first, second = read_file(encoded, name="feed.xml", currency="EUR")
        assert (first.sku, first.record["title"]) == ("A-1", "Lamp & shade &AMP café")
        assert first.record["images"] == [["https://i.example/1.jpg?w=1&h=2&q=3", ""]]
        assert first.record["description"] == "R&amp;D é"
        assert (second.sku, second.record["title"]) == ("B-1", "Café & Café & Café &")


@pytest.mark.parametrize("text", ["a & b", "x&nbsp;y", "<![CDATA[a&b]]>", "&amp;", "R&D;", "é\x03", "&#65;"])
def test_what_is_mended_is_the_same_wherever_it_stands_in_the_file(text: str) -> None:
    """Files are read in blocks, whose ends may stand anywhere."""
    item = f"<item><sku>A</sku><g:name>{text * 5} & end</g:name><price>1</price></item></l>"
    titles = {
        read_file(f"<l><!--{' ' * filler}-->{item}".encode(), name="feed.xml")[0].record["title"]
        for filler in (0, *range(256 * 1024 - 120, 256 * 1024 - 20, 7))
    }
    assert len(titles) == 1 and "end" in titles.pop()


OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><items><item><name>&f;</name><price>1</price></item></items>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BOMB, "entities"),
        (OUTSIDE, "entities"),
        ("<a>" * 100 + "</a>" * 100, "malformed"),
        ("<items><item><name>x</name>", "malformed"),
        ("<nothing><here/></nothing>", "no_products"),
        ('<?xml version="1.0" encoding="klingon"?><items><item><name>x</name></item></items>', "encoding"),
        ("<items><item><name>x</name>" + "<b/>" * 110_000 + "</item></items>", "malformed"),
    ],
    ids=["laughs", "outside", "deep", "cut", "no products", "encoding", "crowded"],
)
def test_hostile_xml_is_refused(content: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_file(content.encode(), name="feed.xml")
    assert caught.value.code == code


def test_shopify_products_as_json_keep_the_products_title_and_its_options() -> None:
    product = {
        "id": 1, "title": "Cap", "body_html": "<p>Warm</p>", "vendor": "Hatters", "product_type": "Hats",
        "options": [{"name": "Taille", "values": ["S", "M"]}], "images": [{"src": "https://a.example/1.jpg"}],
        "variants": [
            {"id": 10, "title": "S", "option1": "S", "sku": "C-S", "price": "9.9", "inventory_quantity": 3,
             "grams": 120},
            {"id": 11, "title": "M", "option1": "M", "sku": "C-M", "price": "9.9", "inventory_quantity": 0,
             "grams": 130},
        ],
    }  # fmt: skip
    small, medium = accepted(json.dumps({"products": [product]}), "products.json")
    assert (small.handle, small.sku, small.record["title"]) == ("1", "C-S", "Cap")
    assert (small.record["options"], medium.record["options"]) == ({"Size": "S"}, {"Size": "M"})
    assert (small.record["stock"], medium.record["weight_grams"]) == (3, 130)


def test_json_says_in_objects_what_lists_say_in_cells() -> None:
    cap = {
        "id": 1, "title": {"en": "Cap", "de": "Mütze"}, "description": {"en": "Warm", "de": "Warm!"},
        "seo": {"title": "Buy caps", "description": "Now"}, "category": {"id": 5, "name": "Hats"},
        "brand": {"id": 3, "name": "Hatters"}, "tags": [{"id": 1, "name": "winter"}, {"id": 2, "name": "wool"}],
        "price": {"amount": "19.90", "currency": "EUR"}, "cost": {"amount": "9.90", "currencyCode": "EUR"},
        "images": [{"id": 9, "src": "https://a.example/1.jpg", "name": "Front"}],
        "variants": [
            {"sku": "C-S", "title": {"en": "Small"}, "options": {"size": "S", "color": "red"},
             "stock": {"quantity": 3}},
            {"sku": "C-M", "title": {"en": "Medium"}, "options": {"size": "M", "color": "red"},
             "cost": {"amount": "10.90", "currencyCode": "EUR"}, "stock": {"quantity": 0}},
        ],
    }  # fmt: skip
    small, medium = accepted(json.dumps({"data": {"products": [cap]}}), "products.json", currency="EUR")
    assert (small.handle, small.record["title"], small.record["description"]) == ("1", "Cap", "Warm")
    assert (small.record["category"], small.record["brand"], small.record["tags"]) == (
        "Hats", "Hatters", ["winter", "wool"],
    )  # fmt: skip
    assert (small.record["cost"], medium.record["cost"], small.record["stock"]) == (990, 1090, 3)
    assert medium.record["options"] == {"Size": "M", "Color": "red"}
    assert [url for url, _ in small.record["images"]] == ["https://a.example/1.jpg"]


def test_what_stands_on_the_way_to_variants_is_said_of_those_below_it_alone() -> None:
    product = {
        "id": 1, "title": "Shirt", "colors": [
            {"color": "Red", "sizes": [{"size": size, "sku": f"R-{size}", "price": 10} for size in "SM"]},
            {"color": "Blue", "sizes": [{"size": "S", "sku": "B-S", "price": 11}]},
        ],
    }  # fmt: skip
    rows = read_file(json.dumps({"data": {"products": [product, {**product, "id": 2}]}}).encode(), name="list.json")
    assert [row.record["options"] for row in rows[:3]] == [
        {"Size": "S", "Color": "Red"}, {"Size": "M", "Color": "Red"}, {"Size": "S", "Color": "Blue"},
    ]  # fmt: skip


def test_categories_around_products_are_no_products() -> None:
    goods = "".join(f"<good2 id='A{n}'><name>Lamp {n}</name><price>{n + 1}</price></good2>" for n in range(3))
    group = f"<list><category id='1'>{goods}</category><category id='2'>{goods.replace('A', 'B')}</category></list>"
    rows = read_file(f"<l>{group}{group.replace('A', 'C').replace('B', 'D')}</l>".encode(), name="list.xml")
    assert len({row.handle for row in rows if row.action == "accepted"}) == 12


def test_the_currency_of_an_object_counts() -> None:
    content = json.dumps([{"sku": "A", "name": "Cap", "price": {"amount": "9.90", "currencyCode": "USD"}}])
    (row,) = read_file(content.encode(), name="list.json", currency="EUR")
    assert (row.action, [problem.code for problem in row.problems]) == ("rejected", ["other_currency"])


def test_names_of_other_things_are_no_titles_in_xml() -> None:
    items = "".join(
        f"<item><code>A{n}</code><category><id>4</id><name>Lamps</name></category><brand><name>Acme</name></brand>"
        f"<names><en>Lamp {n}</en><pl>Lampa {n}</pl></names><price><amount>5.50</amount></price></item>"
        for n in (1, 2)
    )
    first, _ = accepted(f"<items>{items}</items>", "items.xml")
    assert (first.record["title"], first.record["category"], first.record["brand"]) == ("Lamp 1", "Lamps", "Acme")


def test_a_document_on_each_line_is_read() -> None:
    lines = [{"sku": f"S{n}", "name": f"Thing {n}", "cost": 1.125, "stock": {"qty": n}} for n in range(3)]
    rows = accepted("\n".join(map(json.dumps, lines)), "list.ndjson")
    assert [(row.sku, row.record["cost"], row.record["stock"]) for row in rows] == [
        ("S0", 113, 0),
        ("S1", 113, 1),
        ("S2", 113, 2),
    ]


@pytest.mark.parametrize("around", ["%s", "[%s]", '{"data": {"products": [%s]}}'], ids=["lines", "list", "object"])
def test_a_comma_behind_the_last_record_parts_it_from_nothing(around: str) -> None:
    """Texts keep theirs."""
    records = "".join(f'{{"sku": "A-{n}", "name": "Lamp, ]}} {n}", "price": 9.5,}},\n' for n in range(3))
    rows = read_file((around % records).encode(), name="list.json")
    assert [(row.sku, row.record["title"]) for row in rows] == [(f"A-{n}", f"Lamp, ]}} {n}") for n in range(3)]


@pytest.mark.parametrize("content", ['{"products": [{"sku": 1', "[" * 5000, '[1, 2, "x"]', "{}", '{"a": NaN}'])
def test_broken_json_is_refused(content: str) -> None:
    with pytest.raises(UnreadableFile):
        read_file(content.encode(), name="feed.json")


def interchange(*segments: str, separator: str, terminator: str) -> str:
    """An X12 interchange around segments that are written with ``*``."""
    head = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261101*1200*U*00401*000000001*0*P*>"
    whole = [head, *segments, "IEA*1*000000001"]
    return terminator.join(one.replace("*", separator) for one in whole) + terminator


@pytest.mark.parametrize(("separator", "terminator"), [("*", "~"), ("^", "~\n"), ("~", "}\n  "), ("|", "\n")])
def test_x12_is_read_whatever_its_separators(separator: str, terminator: str) -> None:
    catalogue = interchange(
        "GS*SC*S*R*20261101*1200*1*X*004010", "ST*832*0001", "BCT*PC*1",
        "LIN*1*VP*D-100*UP*4006381333931", "PID*F****Drill, cordless", "CTP**NET*66.50*1*EA", "CTP**MSR*99.00",
        "LIN*2*VP*D-200", "PID*F****Saw", "CTP**NET*12.00", "SE*9*0001", "GE*1*1",
        separator=separator, terminator=terminator,
    )  # fmt: skip
    first, second = accepted(catalogue, "832.edi")
    assert (first.sku, first.record["title"], first.record["cost"], first.record["msrp"], first.record["gtin"]) == (
        "D-100", "Drill, cordless", 6650, 9900, EAN,
    )  # fmt: skip
    assert (second.sku, second.record["cost"]) == ("D-200", 1200)


def test_x12_inventory_tells_what_can_be_sold_not_what_is_held() -> None:
    content = interchange(
        "ST*846*0001", "LIN*1*VP*D-100", "QTY*QH*9", "QTY*17*40", "QTY*33*31",
        "LIN*2*VP*D-200", "QTY*QH*9", "SE*7*0001",
        separator="*", terminator="~",
    )  # fmt: skip
    table = registries.feeds.get("x12").open(io.BytesIO(content.encode()), Limits(rows=100))
    stock = table.columns.index("Stock")
    assert [row.cells[stock] for row in table.rows] == ["31", ""]


def test_another_document_is_refused_by_its_name() -> None:
    with pytest.raises(UnreadableFile, match="X12 850"):
        read_file(interchange("ST*850*1", separator="*", terminator="~").encode(), name="po.edi")


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("12", 12), ("12.0", 12), ("5+", 5), (">10", 10), ("> 10", 10), ("<5", 1), ("10-20", 10), ("12 szt.", 12),
        ("1.200", 1200), ("in stock", 5), ("Y", 5), ("auf Lager", 5), ("skladem", 5), ("Low stock", 1),
        ("out of stock", 0), ("Ausverkauft", 0), ("rupture de stock", 0), ("no", 0), ("ask us", None), ("soon", None),
        ("ca. 5", 5), ("~20", 20), ("in stock (12)", 12), ("12 auf Lager", 12), ("out of stock: 3", 0),
        ("2026-05-12", None), ("12/05/2026", None),
    ],
)  # fmt: skip
def test_stock_in_words_and_what_is_unknown_is_not_zero(written: str, units: int | None) -> None:
    assert read_stock(written) == units


@given(st.text(max_size=20))
def test_no_word_is_taken_for_more_than_a_few(text: str) -> None:
    try:
        units = read_stock(text)
    except NotAQuantity:
        units = None
    assert units in (None, 0, FEW_UNITS, IN_STOCK_UNITS) or any(char.isdigit() for char in text)


@pytest.mark.parametrize("written", ["-1", "1.5", "99999999999"])
def test_a_figure_that_no_stock_can_have_is_refused(written: str) -> None:
    with pytest.raises(NotAQuantity):
        read_stock(written)


def test_quotes_that_are_inches_do_not_swallow_rows() -> None:
    lines = ["Code\tProduct name\tPrice\tQty"]
    lines += [
        f'N{n}\t"Pipe {n} long 5"\t{n}.50\t{n}' if n % 2 else f'N{n}\t"bent {n} pipe\t{n}.50\t{n}'
        for n in range(1, 400)
    ]
    rows = accepted("\n".join(lines).replace('long 5"', "long 5"), "pipes.tsv")
    assert len(rows) == 399


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("rows", [1, 300])
def test_the_only_quoted_cells_of_a_file_are_cells(separator: str, rows: int) -> None:
    lines = ["SKU;Title;Cost", 'Q-0;"Lamp; small\n(""oak"")";5.50', *(f"Q-{n};Lamp;6.00" for n in range(1, rows))]
    found = accepted("\n".join(lines).replace(";", separator), "lamps.csv")
    assert len(found) == rows
    title = f'Lamp{separator} small ("oak")'
    assert found[0].record["title"].split() == title.split()


def test_titles_above_the_header_and_columns_known_by_their_values() -> None:
    content = (
        "Acme Ltd;;;\nPrice list of November;;;\n;;;\nRef.;What;X;Y\n"
        "A-1;Desk lamp black;4006381333931;in stock\nA-2;Desk lamp white;4006381333948;sold out\n"
    )
    file = opened(
        content.replace("X;Y", "Net price;Y").replace("4006381333931", "5,50").replace("4006381333948", "6,50").encode()
    )
    rows = list(file.rows)
    assert [(row.sku, row.record["title"], row.record["cost"], row.record["stock"]) for row in rows] == [
        ("A-1", "Desk lamp black", 550, 5),
        ("A-2", "Desk lamp white", 650, 0),
    ]
    reasons = {column["field"]: column["reason"] for column in file.detected["columns"] if column["field"]}
    assert reasons["stock"] == "its values are words for stock"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_numbers_of_programs_are_never_taken_for_thousands(value: Decimal) -> None:
    text = plain_number(value)
    assert Decimal(text) == value
    assert len(text.partition(".")[2]) != 3


_XML_LIKE = st.text(alphabet="<>/=\"' abcnamepriceskuitem&;![]-?", max_size=400).map(
    lambda text: ("<items>" + text).encode()
)
_JSON_LIKE = st.text(alphabet='{}[]",:0123456789.eE-truefalsn\\ sku', max_size=400).map(
    lambda text: ("[" + text).encode()
)
_X12_LIKE = st.binary(max_size=300).map(lambda tail: b"ISA" + b"*00" * 16 + b"*>~" + tail)
_ZIP_LIKE = st.binary(max_size=600).map(lambda tail: b"PK\x03\x04xl/" + tail)
_OLD_EXCEL = st.binary(max_size=1200).map(lambda tail: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + tail)


@pytest.mark.parametrize(
    ("feed", "bytes_like"),
    [
        ("xml", _XML_LIKE),
        ("json", _JSON_LIKE),
        ("x12", _X12_LIKE),
        ("sheet", _ZIP_LIKE),
        ("sheet", _OLD_EXCEL),
        ("packed", _ZIP_LIKE),
    ],
    ids=["xml", "json", "x12", "xlsx", "xls", "zip"],
)
def test_any_bytes_end_in_rows_or_a_clear_error(feed: str, bytes_like: st.SearchStrategy[bytes]) -> None:
    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.one_of(bytes_like, st.binary(max_size=2000)))
    def check(content: bytes) -> None:
        try:
            rows = list(
                open_file(registries.feeds.get(feed), io.BytesIO(content), Limits(rows=500), currency="USD").rows
            )
        except UnreadableFile as error:
            assert str(error)
        else:
            assert all(row.action in ("accepted", "merged", "rejected") for row in rows)

    check()
