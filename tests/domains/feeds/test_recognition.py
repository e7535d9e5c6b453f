"""Lists as suppliers' systems really write them, in many languages and layouts, are understood without being told."""

from __future__ import annotations

from typing import Any

import pytest

from app.feeds.feed import UnreadableFile
from app.feeds.rules.records import ReadRow
from tests.domains.feeds.files import opened, read_file
from tests.domains.feeds.test_formats import workbook

EAN, OTHER_EAN = "4006381333931", "4006381333948"


def fields(content: str, name: str = "list.csv") -> dict[str, str]:
    """What the columns are taken for: field → column."""
    return {field: column for column, field in opened(content.encode(), currency="EUR", name=name).mapping.items()}


def accepted(content: str | bytes, name: str = "list.csv", **how: Any) -> list[ReadRow]:
    content = content.encode() if isinstance(content, str) else content
    return [row for row in read_file(content, name=name, **how) if row.action == "accepted"]


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        ("Наименование товара;Стоимость, руб;Стоимость опт, руб;Наличие на складе 1, шт", "Лампа А;61,18;49,84;63",
         "title price cost stock"),
        ("Найменування;Рекомендована ціна;Оптова цена (<5000 грн.)", "Карта Київ;4,9;3,66", "title msrp cost"),
        ("Artikelnummer;Barcode;Artikeltext1;EKPreis;VKPreis;Lagerbestand", f"7;{EAN};Lampe rot;0,15;0,18;3",
         "sku gtin title cost price stock"),
        ("Artikeltext1;Gruppe;MwSt;vkNetto;vkBrutto", "Lampe rot;Pfand;19;0,15;0,18", "title category  cost price"),
        ("IdProd;Titolo;Prezzo;Listino;Iva;Marca;LinkImmagine", "PS4A1;Tomb Raider I;18,90;24,58;22;2K;https://a.it/1.jpg",
         "sku title price msrp  brand image_urls"),
        ("urun_kodu;urun_adi;marka;stok;fiyat;kdv;ana_resim", "V1;Makine seti;VGR;100;1275;20;https://a.tr/1?v=1",
         "sku title brand stock price  image_urls"),
        ("Κωδικός;Περιγραφή;Τιμή χονδρικής;Απόθεμα", "K-1;Καρέκλα ξύλινη;12,50;4", "sku title cost stock"),
        ("Kod;Megnevezés;Nagyker ár;Ajánlott kisker ár;Készlet", "L-1;Lámpa fehér;1200;1900;4",
         "sku title cost msrp stock"),
        ("Artnr;Benämning;Inköpspris exkl moms;Rek. pris;Lagersaldo", "A-1;Lampa vit;100;199;4",
         "sku title cost msrp stock"),
        ("Cod produs;Denumire produs;Pret achizitie;Pret unitar;Stoc", "P-1;Lampa alba;10;16;4",
         "sku title cost price stock"),
        ("Varenr;Varebetegnelse;Kostpris;Vejl. pris", "V-1;Lampe hvid;10;19", "sku title cost msrp"),
        ("Référence;Désignation;Prix d'achat HT;Prix public conseillé;Quantité", "R-1;Lampe blanche;10;19;4",
         "sku title cost msrp stock"),
        ("Código;Descripción;PVP;Precio compra;Existencias", "C-1;Lámpara blanca;19;10;4", "sku title msrp cost stock"),
        ("Código;Produto;Preço de custo;Preço;Estoque", "C-1;Lâmpada branca;10;19;4", "sku title cost price stock"),
        ("Artikelcode;Omschrijving;Inkoopprijs;Adviesprijs;Voorraad", "A-1;Lamp wit klein;10;19;4",
         "sku title cost msrp stock"),
        ("Kód zboží;Název produktu;Nákupní cena bez DPH;Doporučená cena;Sklad", "K-1;Lampa bílá;10;19;4",
         "sku title cost msrp stock"),
        ("Code EAN;Nom de l'article;Prix HT;stock", f"{EAN};Jambon blanc;3,50;10", "gtin title cost stock"),
        ("Material;Texto breve;Disponible;Netto Cliente", "515041.1;Loseta gris;7;5,75", "sku title stock cost"),
        ("name;sku;variant_option_one_name;variant_option_one_value;supply_price;track_inventory;inventory_Main_Outlet",
         "Shirt red;S-1;Size;M;20.00;1;5", "title sku option1_name option1_value cost  stock"),
        ("SKU;Name;PRECIO;PRECIO + 30%;quantity_unit", "S-1;Lampe rot;12.50;15.50;36 BOX", "sku title price  "),
        ("Название;Код;Цена;Вес (г)", "Лампа белая;К-1;12;1.5", "title sku price weight"),
        ("Item name;Seller SKU;Product ID;Product ID Type;Price", f"Lamp red;S-1;{EAN};EAN;9", "title sku gtin  price"),
        ("id;title;link;image_link;availability;condition;price",
         "17;Red lamp;https://a.it/p;https://a.it/1.jpg;in_stock;new;9.00", "sku title  image_urls stock  price"),
        ("sku;name_de;price_b2c;price_b2b;is_active;stock_status", "S-1;Lampe rot;0.18;0.15;true;in_stock",
         "sku title price cost  stock"),
    ],
)  # fmt: skip
def test_columns_are_known_by_the_words_of_their_names(header: str, row: str, found: str) -> None:
    rows = [row, *(row.replace(row.split(";")[0], f"{row.split(';')[0]}{n}", 1) for n in (2, 3))]
    known = fields("\n".join([header, *rows]))
    for column, field in zip(header.split(";"), found.split(" "), strict=True):
        if field:
            assert known.get(field) == column, known
        else:
            assert column not in known.values(), known


@pytest.mark.parametrize(
    "name",
    [
        "Artikelnr", "Art.-Nr.", "Artikel-Nr", "Artikel-Nr.", "ArtNr.", "Bestell-Nr.", "Kat.-Nr.", "N° article",
        "Référence fournisseur", "Cód. artículo", "Ref. prov.", "Nr katalogowy", "Artikel-ID", "Varunr", "Item #",
    ],
)  # fmt: skip
def test_numbers_of_articles_are_known_by_their_short_names_for_certain(name: str) -> None:
    file = opened(f"{name};Bezeichnung;EK\n100;Lampe rot;5,00\n101;Lampe blau;6,00\n".encode(), currency="EUR")
    assert (file.mapping[name], file.detected["unsure"]) == ("sku", [])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("isPermaLink", ["false", "false"]), ("hasVariations", ["true", "false"]), ("tax", ["19.00", "7.00"]),
        ("AktionVon", ["19.05.2026", "20.05.2026"]), ("added", ["2016-11-18", "2016-11-18"]),
        ("DELIVERY_PRICE", ["4.90", "3.90"]), ("preis_menge", ["1", "100"]), ("variantCount", ["3", "2"]),
        ("Mindestbestand", ["yes", "no"]), ("Grundpreis", ["1,20", "1,30"]), ("packingQuantity", ["10", "12"]),
        ("Prezzo Min", ["10", "12"]),
    ],
)  # fmt: skip
def test_what_is_something_else_is_not_taken_for_a_field(name: str, values: list[str]) -> None:
    known = fields(f"SKU;Title;{name}\nA-1;Red lamp;{values[0]}\nA-2;White lamp;{values[1]}\n")
    assert name not in known.values()


def test_a_guess_from_values_alone_is_said_to_be_unsure() -> None:
    file = opened(b"Foo;Bar;Baz\nA-1;Desk lamp;5,50\nA-2;Floor lamp;6,50\n")
    assert file.detected["unsure"] == ["Foo", "Bar", "Baz"]
    assert opened(b"SKU;Title;Cost\nA-1;Desk lamp;5,50\n").detected["unsure"] == []


def test_titles_of_sections_and_headers_on_every_page_are_no_products() -> None:
    lines = ["Acme Ltd;;;", "Price list;;;", "Code;Product name;Price;Qty", "Lamps;;;", "A-1;Desk lamp;5,50;3"]
    lines += ["Page 2;;;", "Code;Product name;Price;Qty", ";Chairs;;", "B-1;Red chair;7,50;4"]
    rows = read_file("\n".join(lines).encode(), currency="EUR")
    assert [(row.row, row.sku, row.action) for row in rows] == [(5, "A-1", "accepted"), (9, "B-1", "accepted")]


def test_a_list_without_a_header_is_read_from_its_first_row_on() -> None:
    file = opened(b"100;Desk lamp black;5,50\n101;Desk lamp white;6,50\n102;Floor lamp red;7,50\n", currency="EUR")
    assert file.detected["header_row"] == 0
    assert [row.record["title"] for row in file.rows] == ["Desk lamp black", "Desk lamp white", "Floor lamp red"]
    assert set(file.detected["unsure"]) == {"Column 1", "Column 2", "Column 3"}


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("cp1252", "Caffè velocità"), ("cp1252", "AÑO ESPAÑOL"), ("cp1252", "Lampe d’été à l'élève"),
        ("cp1252", "Räksmörgås på øen"), ("cp1252", "Ação promoção não"), ("cp1250", "Židle černá dřevěná"),
        ("cp1250", "Żółta łódź część"), ("cp1250", "Lámpaernyő fehér, összecsukható"), ("cp1250", "žarulja šešir čaša"),
        ("cp1250", "Masă bucătărie înaltă"), ("cp1251", "Стул деревянный"), ("cp1251", "Їжа для котів"),
        ("cp1253", "Καρέκλα ξύλινη"), ("cp1254", "Kırmızı ışık ağacı"), ("cp1257", "Šviesą žalias ėjo į"),
        ("iso8859_2", "Żółta łódź świąteczna"), ("cp852", "Židle černá dřevěná"), ("cp850", "Stühle für draußen"),
        ("cp866", "Стул деревянный"), ("koi8_r", "Стул деревянный"), ("utf-16", "Židle černá"), ("utf-8-sig", "Židle"),
        ("shift_jis", "木製の椅子と机、赤い照明器具の価格表"), ("cp1250", "Łapka czarna"),
        ("iso8859_2", "Łapka świeża"), ("utf-16-le", "Židle černá"), ("utf-16-be", "Стул деревянный"),
    ],
)  # fmt: skip
def test_the_encoding_is_found_by_the_letters_of_a_language(encoding: str, title: str) -> None:
    """Most of the file is plain ASCII, and the telling rows stand at its end."""
    lines = ["SKU;Title;Cost", *(f"A-{n};Lamp {n};5,50" for n in range(20_000)), f"Z-1;{title};6,50"]
    (last,) = [row for row in read_file("\n".join(lines).encode(encoding), currency="EUR") if row.sku == "Z-1"]
    assert last.record["title"] == title


def test_a_pound_is_a_pound_before_a_price() -> None:
    rows = accepted("SKU;Title;Cost\nA;Lamp;£5.00\nB;Lamp two;£6.50\n".encode("cp1252"), currency="GBP")
    assert [row.record["cost"] for row in rows] == [500, 650]


def test_lines_of_another_encoding_spoil_none_of_the_others() -> None:
    lines = [b"SKU;Title;Cost", *(f"A-{n};Stühle {n};5,50".encode() for n in range(9)), b"Z;T\xfcren;6,50"]
    rows = accepted(b"\n".join(lines), currency="EUR")
    assert (rows[0].record["title"], rows[-1].record["title"]) == ("Stühle 0", "Türen")


def test_text_that_became_utf_8_twice_is_read_as_it_was() -> None:
    written = "SKU;Title;Cost\nA;Stühle für draußen;5,50\nB;Crème brûlée;6,50\nC;Lamp;7,00\n"
    written = written.encode().decode("cp1252")
    file = opened(written.encode(), currency="EUR")
    assert [row.record["title"] for row in file.rows] == ["Stühle für draußen", "Crème brûlée", "Lamp"]
    assert file.detected["encoding"] == "utf-8, twice"


def test_sheets_with_the_same_columns_are_one_list_and_others_are_named() -> None:
    header = ["SKU", "Title", "Price", "Stock"]
    content = workbook(
        Terms=[["Terms of delivery"]],
        Lamps=[header, ["L-1", "Desk lamp", 5, 1]],
        Chairs=[["Chairs of 2026"], [], header, ["C-1", "Red chair", 7, 2]],
        Customers=[["Name", "E-mail", "Street"], ["Ann", "a@a.example", "High"]],
    )
    file = opened(content, name="list.xlsx", currency="EUR")
    assert [(row.row, row.sku) for row in file.rows] == [(2, "L-1"), (6, "C-1")]
    assert file.detected["sheets_read"] == ["Lamps", "Chairs"]
    assert file.detected["sheets_skipped"] == ["Terms", "Customers"]


def test_a_name_over_two_columns_is_the_number_and_the_name() -> None:
    content = workbook(
        List=[["Goods", None, "Price"], *([f"07{n:04}", f"Desk lamp no {n} red", 5 + n] for n in range(30))]
    )
    rows = accepted(content, name="list.xlsx", currency="EUR")
    assert (rows[3].sku, rows[3].record["title"]) == ("070003", "Desk lamp no 3 red")


def test_numbers_of_a_program_show_no_error_of_reckoning() -> None:
    content = workbook(A=[["SKU", "Title", "Weight kg", "Cost"], ["A", "Lamp red", 0.1 + 0.2, 25.900000000000002]])
    (row,) = accepted(content, name="a.xlsx")
    assert (row.record["weight_grams"], row.record["cost"]) == (300, 2590)


def test_a_price_that_is_written_otherwise_than_the_others_is_still_read() -> None:
    rows = accepted("SKU;Title;Cost\nA;Lamp one;129.00\nB;Lamp two;2199,0\nC;Lamp three;1 200,- Kč\n", currency="CZK")
    assert [row.record["cost"] for row in rows] == [12900, 219900, 120000]


def test_a_cost_of_zero_is_none_where_there_is_a_price() -> None:
    first, second = accepted("SKU;Title;Cost;Price\nA;Lamp one;0,00;9,90\nB;Lamp two;5,00;9,90\n", currency="EUR")
    assert (first.record["cost"], second.record["cost"]) == (990, 500)
    assert [problem.code for problem in first.problems] == ["price_used_as_cost"]


def test_stock_below_zero_is_none() -> None:
    (row,) = accepted("SKU;Title;Cost;Stock\nA;Lamp one;5;-3\n")
    assert row.record["stock"] == 0
    assert [problem.code for problem in row.problems] == ["below_zero"]


def test_a_rejected_first_row_takes_nothing_from_the_other_variants_of_its_product() -> None:
    lines = ["Handle,Title,Body (HTML),Vendor,Variant SKU,Option1 Name,Option1 Value,Variant Price"]
    lines += ["cap,Cap,<p>Warm</p>,Kanto,C-S,Size,S,0.00", "cap,,,,C-M,,M,9.00", "cap,,,,C-L,,L,9.00"]
    first, *others = read_file("\n".join(lines).encode())
    assert first.action == "rejected"
    assert [(row.action, row.record["options"]) for row in others] == [
        ("accepted", {"Size": "M"}), ("accepted", {"Size": "L"}),
    ]  # fmt: skip
    assert (others[0].record["title"], others[0].record["description"]) == ("Cap", "<p>Warm</p>")
    assert others[0].record["brand"] == "Kanto"


def test_rows_below_a_title_are_its_variants() -> None:
    lines = [
        "Artikelnummer;Bezeichnung;Farbe;EK",
        "L-1;Lampe;rot;5",
        "L-2;;blau;5",
        "M-1;Stuhl;rot;9",
    ]
    rows = accepted("\n".join(lines), currency="EUR")
    assert [(row.handle, row.sku, row.record["title"]) for row in rows] == [
        ("l-1", "L-1", "Lampe"), ("l-1", "L-2", "Lampe"), ("m-1", "M-1", "Stuhl"),
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["Farbe", "couleur", "COLOUR", "Kolor", "Barva", "Цвет", "Χρώμα", "Renk", "Färg"])
def test_an_option_has_one_name_in_every_language(column: str) -> None:
    (row,) = accepted(f"SKU;Title;{column};Cost\nA;Lamp one;red;5\n")
    assert row.record["options"] == {"Color": "red"}


def test_our_own_sku_is_the_same_however_the_rows_stand_and_whatever_else_changes() -> None:
    first = accepted(f"EAN;Name;Price\n{EAN};Desk lamp;5\n{OTHER_EAN};Floor lamp;6\n;Stool wood;7\n")
    later = accepted(f"Name;Price;EAN\nStool wood;8;\nFloor lamp, new;9;{OTHER_EAN}\nDesk lamp XL;4;{EAN}\n")
    assert {row.sku for row in first} == {row.sku for row in later} == {EAN, OTHER_EAN, "stool-wood"}


def test_yml_offers_without_a_name_are_called_by_kind_vendor_and_model() -> None:
    content = (
        '\ufeff\ufeff\n<?xml version="1.0" encoding="utf-8"?><!DOCTYPE yml_catalog SYSTEM "shops.dtd">'
        '<yml_catalog date="2026-11-01"><shop><offers>'
        '<offer id="7" type="vendor.model" available="true"><typePrefix>Принтер</typePrefix><vendor>HP</vendor>'
        "<model>LaserJet 4</model><price>10.50</price><currencyId>EUR</currencyId></offer>"
        '<offer id="8" type="vendor.model" available="true"><vendor>HP</vendor><model>LaserJet 4</model>'
        "<price>9</price><currencyId>EUR</currencyId></offer></offers></shop></yml_catalog>"
    )
    rows = accepted(content, name="yml.xml", currency="EUR")
    assert [(row.sku, row.handle, row.record["title"]) for row in rows] == [
        ("7", "7", "Принтер HP LaserJet 4"), ("8", "8", "HP LaserJet 4"),
    ]  # fmt: skip


def test_the_ids_of_offers_tell_variants_apart_that_share_the_makers_number() -> None:
    offers = "".join(
        f'<offer id="{n}" available="true" group_id="3"><name>Lamp</name><price>10.5</price><vendorCode>V7</vendorCode>'
        f'<param name="Color">{color}</param></offer>'
        for n, color in ((7, "red"), (8, "blue"))
    )
    rows = accepted(f"<yml_catalog><shop><offers>{offers}</offers></shop></yml_catalog>", name="yml.xml")
    assert [(row.handle, row.sku, row.record["options"]) for row in rows] == [
        ("3", "7", {"Color": "red"}), ("3", "8", {"Color": "blue"}),
    ]  # fmt: skip


def test_heurekas_items_are_known_by_their_own_numbers() -> None:
    items = "".join(
        f"<SHOPITEM><ITEM_ID>H{n}</ITEM_ID><PRODUCTNAME>Lampa</PRODUCTNAME><PRODUCTNO>P{n}</PRODUCTNO><PRICE_VAT>9,50"
        f"</PRICE_VAT><ITEMGROUP_ID>G1</ITEMGROUP_ID><PARAM><PARAM_NAME>Barva</PARAM_NAME><VAL>{color}</VAL></PARAM>"
        "</SHOPITEM>"
        for n, color in ((1, "modrá"), (2, "bílá"))
    )
    rows = accepted(f"<SHOP>{items}</SHOP>", name="heureka.xml", currency="CZK")
    assert [(row.handle, row.sku, row.record["options"]) for row in rows] == [
        ("g1", "H1", {"Color": "modrá"}), ("g1", "H2", {"Color": "bílá"}),
    ]  # fmt: skip


def test_more_parameters_than_columns_leave_out_the_rarest() -> None:
    offers = "".join(
        f'<offer id="{n}"><name>Lamp {n}</name><price>5</price><param name="Цвет">красный</param>'
        f'<param name="Rare {n}">x</param></offer>'
        for n in range(700)
    )
    file = opened(f"<yml_catalog><shop><offers>{offers}</offers></shop></yml_catalog>".encode(), name="y.xml")
    assert file.detected["left_out"] > 200
    rows = list(file.rows)
    assert len(rows) == 700
    assert rows[-1].record["options"] == {"Color": "красный"}


def test_wordpress_products_are_known_by_their_meta_fields() -> None:
    items = "".join(
        f"<item><title>Lamp {n}</title><wp:postmeta><wp:meta_key>_sku</wp:meta_key><wp:meta_value>W-{n}</wp:meta_value>"
        f"</wp:postmeta><wp:postmeta><wp:meta_key>_regular_price</wp:meta_key><wp:meta_value>{n}.50</wp:meta_value>"
        "</wp:postmeta></item>"
        for n in (1, 2)
    )
    content = f'<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>{items}</channel></rss>'
    assert [(row.sku, row.record["cost"]) for row in accepted(content, name="export.xml")] == [
        ("W-1", 150),
        ("W-2", 250),
    ]


def test_a_list_of_something_else_is_refused_and_not_guessed() -> None:
    with pytest.raises(UnreadableFile):
        opened(b";Monday;Tuesday\n00:00;400;400\n00:30;400;400\n01:00;300;400\n")


def test_a_number_that_variants_of_a_product_share_is_no_sku() -> None:
    lines = ["Handle,Title,Variant SKU,Option1 Name,Option1 Value,Variant Price", "shoe,Shoe,W-1,Size,40,9"]
    lines += ["shoe,,W-1,,41,9", "shoe,,W-1,,42,9", "boot,Boot,W-2,Size,40,8"]
    rows = accepted("\n".join(lines))
    assert [row.sku for row in rows] == ["shoe-40", "shoe-41", "shoe-42", "W-2"]


def test_an_id_is_the_sku_where_manufacturers_numbers_repeat() -> None:
    def feed(*numbers: str) -> str:
        items = "".join(
            f"<item><g:id>I-{n}</g:id><title>Lamp {n}</title><g:mpn>{number}</g:mpn><g:price>5.00 EUR</g:price></item>"
            for n, number in enumerate(numbers)
        )
        return f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'

    assert [row.sku for row in accepted(feed("A", "A", "B"), name="g.xml", currency="EUR")] == ["I-0", "I-1", "I-2"]
    assert [row.sku for row in accepted(feed("A", "B", "C"), name="g.xml", currency="EUR")] == ["A", "B", "C"]


def test_models_are_no_groups_where_nothing_tells_their_variants_apart() -> None:
    rows = accepted("SKU;Title;Model;Price\nA-1;Audi blue;Q7;5\nA-2;Audi red;Q7;6\n")
    assert [row.handle for row in rows] == ["a-1", "a-2"]


def test_an_article_number_that_variants_share_is_their_products() -> None:
    rows = ["T1;Shirt;red;S;5", "T1;Shirt;red;M;6", "T1;Shirt;blue;S;7", "T2;Cap;red;U;1", "T2;Cap;blue;U;2"]
    file = opened("\n".join(["Artikelnummer;Bezeichnung;Farbe;Größe;EK", *rows]).encode())
    found = [(row.handle, row.sku, row.action) for row in file.rows]
    assert found[0] == ("t1", "t1-red-s", "accepted")
    assert len({sku for _, sku, action in found if action == "accepted"}) == len(rows)
    assert file.detected["unsure"] == ["Artikelnummer"]


def test_what_tells_rows_of_one_title_apart_is_an_option() -> None:
    rows = ["1;Tyre;3.00-10;14", "2;Tyre;3.50-10;14", "3;Tyre;4.00-10;16", "4;Tube;10;5"]
    file = opened("\n".join(["No;Name;;Price", *rows]).encode())
    assert [row.record["options"] for row in file.rows][:2] == [{"Variant": "3.00-10"}, {"Variant": "3.50-10"}]
    assert file.detected["unsure"] == ["Column 3"]


def test_a_name_over_an_empty_column_is_that_of_the_one_beside_it() -> None:
    known = fields("Name;;Code;Price\n;Red lamp;A-1;9,50\n;White lamp;A-2;9,90\n")
    assert known == {"title": "Column 2", "sku": "Code", "price": "Price"}


def test_pictures_in_several_columns_are_all_the_products() -> None:
    header = "SKU;Name;EK;Image;Image;additional_image_link;Thumbnail URL"
    at = "https://i.example/"
    lines = [f"A-{n};Lamp {n};5;{at}{n}.jpg;{at}{n}b.jpg;{at}{n}c.jpg,{at}{n}d.jpg;{at}s{n}.jpg" for n in (1, 2)]
    file = opened("\n".join([header, *lines, f"A-3;Lamp 3;5;;{at}3b.jpg;;"]).encode())
    rows = [[url.removeprefix(at) for url, _ in row.record["images"]] for row in file.rows]
    assert rows == [["1.jpg", "1b.jpg", "1c.jpg", "1d.jpg"], ["2.jpg", "2b.jpg", "2c.jpg", "2d.jpg"], ["3b.jpg"]]
    assert file.detected["unsure"] == []
