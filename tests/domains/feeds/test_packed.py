"""Zipped lists are read as if they were not, and archives that mean harm are refused."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from collections import Counter

import pytest

from app.feeds.feed import UnreadableFile
from app.feeds.rules.records import ReadRow
from tests.domains.feeds.files import opened, read_file, template

LAMPS = template("lamp,Lamp,L-1,Color,Black,12.50,5,,,,,", "lamp,,L-2,Color,White,12.50,6,,,,,")
#: As PrestaShop exports them, with fewer columns.
PRODUCTS = (
    b"Product ID,Active (0/1),Name *,Price tax excluded or Price tax included,Wholesale price,Reference #,EAN13,Weight,"
    b"Quantity,Image URLs\n"
    b"1,1,Player,100,80,P-1,,0.5,160,https://pictures.example/1.jpg\n"
    b"2,1,Case,25,10,P-2,,0.1,25,\n"
    b"3,1,Radio,60,,P-3,,0.2,9,\n"
)
COMBINATIONS = (
    b"Product ID*,Attribute (Name:Type:Position)*,Value (Value:Position)*,Reference,UPC,Wholesale price,"
    b"Impact on price,Quantity,Minimal quantity,Image URL\n"
    b"1,Color:color:0; Disk space:select:3,Blue:0; 16GB:1,P-1-B16,,90,40,10,1,https://pictures.example/b.jpg\n"
    b"1,Color:color:0; Disk space:select:3,Blue:0; 8GB:1,P-1-B8,,0,0,11,1,\n"
    b"3,Color:color:0,Red:0,P-3-X,,0,2.50,4,1,\n"
    b"3,Color:color:0,Green:0,P-3-X,,0,0,5,1,\n"
)


def archive(**files: bytes) -> bytes:
    """A zip file; ``__`` in a name stands for a dot, ``_in_`` for a slash."""
    return packed({name.replace("_in_", "/").replace("__", "."): content for name, content in files.items()})


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def accepted(content: bytes, name: str = "export.zip") -> list[ReadRow]:
    return [row for row in read_file(content, name=name) if row.action == "accepted"]


def problem_with(content: bytes, name: str = "export.zip") -> tuple[str, str]:
    with pytest.raises(UnreadableFile) as raised:
        list(opened(content, name=name).rows)
    return raised.value.code, str(raised.value)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (archive(list__csv=LAMPS), "export.zip"),
        (archive(list__csv=LAMPS), "list"),
        (packed({"a/": b"", "a/a.csv": LAMPS, "__MACOSX/a/._a.csv": b"x", "photo.jpg": b"\xff\xd8\x00"}), "a.zip"),
        (packed({"list.csv": LAMPS}, zipfile.ZIP_STORED), "export.zip"),
        (gzip.compress(LAMPS), "list.csv.gz"),
        (gzip.compress(LAMPS), "list.gz"),
    ],
    ids=["zip", "without a name", "with other things in it", "stored", "csv.gz", "gz"],
)  # fmt: skip
def test_a_zipped_list_is_read_like_the_list_itself(content: bytes, name: str) -> None:
    plain = read_file(LAMPS)
    found = read_file(content, name=name)
    assert [(row.row, row.handle, row.sku, row.record) for row in found] == [
        (row.row, row.handle, row.sku, row.record) for row in plain
    ]


def test_parts_of_one_list_are_read_one_after_the_other() -> None:
    more = template("chair,Chair,C-1,,,80.00,3,,,,,")
    rows = accepted(packed({"part1.csv": LAMPS, "part2.csv": more}))
    assert [(row.row, row.sku) for row in rows] == [(2, "L-1"), (3, "L-2"), (4, "C-1")]


@pytest.mark.parametrize("order", [("products.csv", "combinations.csv"), ("combinations.csv", "products.csv")])
def test_products_and_their_combinations_are_joined(order: tuple[str, str]) -> None:
    files = {"products.csv": PRODUCTS, "combinations.csv": COMBINATIONS}
    rows = accepted(packed({name: files[name] for name in order}))

    assert [(row.handle, row.sku, row.record["cost"], row.record["stock"]) for row in rows] == [
        ("1", "P-1-B16", 9000, 10),
        ("1", "P-1-B8", 8000, 11),
        ("2", "P-2", 1000, 25),
        # No wholesale price: the retail price with what the variant adds to it.
        ("3", "3-red", 6250, 4),
        ("3", "3-green", 6000, 5),
    ]
    assert rows[0].record["options"] == {"Color": "Blue", "Disk space": "16GB"}
    assert [url for url, _ in rows[0].record["images"]] == [
        "https://pictures.example/1.jpg", "https://pictures.example/b.jpg",
    ]  # fmt: skip
    assert len({row.row for row in rows}) == 5


def test_other_pairs_are_joined_by_what_the_variants_call_their_product() -> None:
    products = b"Style;Name;Marke;EK netto\nS-10;Shirt;Kanto;9,50\nS-11;Trousers;Kanto;19,00\n"
    variants = (
        b"Artikelnummer;Style;Farbe;Gr\xc3\xb6\xc3\x9fe;Bestand\nS-10-R-M;S-10;Rot;M;4\nS-10-R-L;S-10;Rot;L;0\n"
        b"S-11-M;S-11;Blau;M;7\nS-99-M;S-99;Blau;M;7\n"
    )
    rows = read_file(packed({"stamm.csv": products, "varianten.csv": variants}), name="export.zip")
    found = [(row.handle, row.sku, row.record["cost"], row.record["stock"], row.record["options"]) for row in rows[:3]]
    assert found == [
        ("s-10", "S-10-R-M", 950, 4, {"Color": "Rot", "Size": "M"}),
        ("s-10", "S-10-R-L", 950, 0, {"Color": "Rot", "Size": "L"}),
        ("s-11", "S-11-M", 1900, 7, {"Color": "Blau", "Size": "M"}),
    ]  # fmt: skip
    assert (rows[3].action, rows[3].sku) == ("rejected", "S-99-M"), "its product is not in the list"
    assert {problem.code for problem in rows[3].problems} >= {"missing"}


def test_a_number_that_variants_share_becomes_one_of_each_own() -> None:
    columns = "Product ID*,Reference,UPC,Quantity\n"
    same = "".join(f"2,P-2-X,{code},1\n" for code in ("123456789012", "036000291452"))
    rows = accepted(packed({"a.csv": PRODUCTS, "b.csv": (columns + same).encode()}))
    skus = [row.sku for row in rows if row.handle == "2"]
    assert skus == ["P-2-X-123456789012", "P-2-X-036000291452"]


def test_lists_that_do_not_belong_together_are_refused_by_name() -> None:
    other = b"Artikelnummer,Bezeichnung,EK netto\nS1,Lampe,5.00\n"
    code, message = problem_with(packed({"lamps.csv": LAMPS, "preise.csv": other}))
    assert code == "several_files"
    assert "lamps.csv, preise.csv" in message


def test_a_bomb_goes_off_nowhere() -> None:
    """However much is in it, no more than the limit is unpacked, and none of it is held in memory."""
    zeros = b"0" * 1_000_000
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made, made.open("list.csv", "w") as entry:
        entry.write(LAMPS)
        for _ in range(90):
            entry.write(zeros)
    layers = gzip.compress(LAMPS + zeros * 90)
    for content, name in ((out.getvalue(), "list.zip"), (layers, "list.csv.gz")):
        tracemalloc.start()
        try:
            assert problem_with(content, name)[0] == "too_large_unpacked"
            assert tracemalloc.get_traced_memory()[1] < 30_000_000
        finally:
            tracemalloc.stop()


def test_an_archive_is_not_believed_about_its_sizes() -> None:
    content = archive(list__csv=template(*(f"l-{n},Lamp,S{n},,,5,1,,,,," for n in range(500))))
    size = len(template(*(f"l-{n},Lamp,S{n},,,5,1,,,,," for n in range(500)))).to_bytes(4, "little")
    assert content.count(size) == 2
    assert problem_with(content.replace(size, (10).to_bytes(4, "little")))[0] in ("malformed", "no_rows", "no_columns")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({f"list{number}.csv": b"" for number in range(1001)}, "too_many_files"),
        ({f"list{number}.csv": LAMPS for number in range(21)}, "too_many_files"),
        ({"inner.zip": archive(list__csv=LAMPS)}, "nested"),
        ({"list.csv": LAMPS, "more.csv.gz": gzip.compress(LAMPS)}, "nested"),
        ({"../../etc/list.csv": LAMPS}, "bad_path"),
        ({"/etc/list.csv": LAMPS}, "bad_path"),
        ({"..\\list.csv": LAMPS}, "bad_path"),
        ({"C:\\list.csv": LAMPS}, "bad_path"),
        ({"a/list.csv": LAMPS, "b/list.csv": LAMPS}, "same_name"),
        ({"photo.jpg": b"\xff\xd8\xff\xe0\x00"}, "empty_archive"),
        ({"list.csv": b""}, "empty_archive"),
    ],
    ids=[
        "entries", "lists", "a zip in it", "a gz in it", "upwards", "absolute", "upwards in Windows", "a drive",
        "one name twice", "no list", "an empty list",
    ],
)  # fmt: skip
def test_archives_that_can_not_be_meant_well_are_refused(files: dict[str, bytes], code: str) -> None:
    assert problem_with(packed(files))[0] == code


def test_a_gz_within_a_gz_is_refused() -> None:
    assert problem_with(gzip.compress(gzip.compress(LAMPS)), "list.gz")[0] == "nested"


def test_damaged_and_locked_archives_say_so() -> None:
    whole = archive(list__csv=LAMPS)
    assert problem_with(whole[:-30])[0] == "malformed"
    assert problem_with(gzip.compress(LAMPS)[:-12], "list.gz")[0] == "malformed"
    central = whole.rindex(b"PK\x01\x02")
    locked = bytearray(whole)
    locked[6] |= 1
    locked[central + 8] |= 1
    assert problem_with(bytes(locked))[0] == "password"


def test_what_is_wrong_with_a_file_in_it_names_the_file() -> None:
    assert problem_with(archive(list__xml=b"<products><product>"))[1].startswith("list.xml: ")


def test_a_workbook_is_no_archive() -> None:
    office = packed({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
    assert Counter(problem_with(office, name)[0] for name in ("list.zip", "list.xlsx")) == {"malformed": 2}


def test_what_systems_and_people_put_beside_a_list_is_no_list() -> None:
    beside = {"readme__txt": b"Thank you.\nPlease read our terms.\n", "Thumbs__db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
    file = opened(archive(**beside, export_in_2026_in_list__csv=LAMPS), name="export.zip")
    assert ([row.sku for row in file.rows], file.detected["files"]) == (["L-1", "L-2"], ["list.csv"])
    (row,) = opened(archive(readme__txt=b"sku,title,cost\nA-1,Lamp,5.00\n"), name="export.zip").rows
    assert row.sku == "A-1"
