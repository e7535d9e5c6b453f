"""Files as suppliers really send them, through the API: what becomes of each, and what the catalogue holds."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import db
from app.feeds import files
from app.identity.models import Organisation
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import issue_key
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.files import HEADER, template
from tests.domains.feeds.test_reading import EndlessRows
from tests.market import Api, built
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of

__all__ = ["set_up"]
Json = dict[str, Any]


@dataclass(slots=True)
class Sender:
    """A supplier that uploads files."""

    app: Flask
    id: UUID
    api: Api
    jobs: Jobs

    def send(self, content: bytes, *, name: str = "list.csv", **more: Any) -> TestResponse:
        """Upload a file."""
        address = f"/api/supplier/uploads?file_name={name}"
        return self.api.call("POST", address, data=content, content_type="text/csv", **more)

    def checked(self, content: bytes, **more: Any) -> Json:
        """A file that was taken and looked at."""
        answer = self.send(content, **more)
        assert answer.status_code == 202, answer.text
        self.jobs.drain()
        return dict(self.api.get(f"/api/supplier/uploads/{answer.json['id']}").json)

    def taken_over(self, content: bytes) -> Json:
        """A file that was taken over."""
        run = self.checked(content)
        assert self.api.post(f"/api/supplier/uploads/{run['id']}/apply", {}).status_code == 202
        self.jobs.drain()
        return dict(self.api.get(f"/api/supplier/uploads/{run['id']}").json)

    def rows(self, statement: str) -> list[Json]:
        """Rows of a query across tenants."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return [dict(row) for row in session.connection().exec_driver_sql(statement).mappings()]


@pytest.fixture
def sender(jobs: Jobs, set_up: Callable[..., None], tmp_path: Path) -> Iterator[Sender]:
    set_up(data_dir=str(tmp_path), upload_max_rows="2000", upload_max_bytes=str(40 * 1024 * 1024))
    files.storage.cache_clear()
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = factories.supplier(session)
        _, secret = issue_key(session, supplier.id, name="all", scopes=SCOPES_OF_KIND["supplier"])
    app = built()
    app.config["TESTING"] = False
    yield Sender(app, supplier.id, Api(app, secret), jobs)
    files.storage.cache_clear()


def test_a_file_that_is_none_is_refused_at_the_door_and_not_kept(sender: Sender, tmp_path: Path) -> None:
    refused = {
        "empty.csv": b"",
        "list.bin": bytes(range(256)) * 20,
        "list.pdf": b"%PDF-1.7" + b"\x00" * 100,
        "list.html": b"<html><body>Price list</body></html>",
        "list.csv": b"  \n\n \n",
    }
    for name, content in refused.items():
        answer = sender.send(content, name=name)
        assert answer.status_code == 422, name
        assert [error["field"] for error in answer.json["errors"]] == ["file"], name
    assert sender.send(b"x" * (41 * 1024 * 1024)).status_code == 413
    assert sender.rows("select id from feed_runs") == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_can_not_be_read_says_why_and_leaves_nothing(sender: Sender) -> None:
    unreadable = {
        "binary": (bytes(range(256)) * 20, "This is not a text file."),
        "a workbook by another name": (b"PK\x03\x04" + b"\x00" * 100, "This is an Excel or ZIP file"),
        "a web page by another name": (
            b"<html>\n<body>Price list</body>\n</html>",
            "This is a web page without a table.",
        ),
        "a header without rows": (f"{HEADER}\n".encode(), "There is a header, but no row below it."),
        "no header": (b"1,2,3\n4,5,6\n", "No column was recognised as title or SKU."),
        "a cell of 10 MB": (template(f"a,Lamp,S1,,,5,1,,,,,{'x' * 10_000_000}"), "more than a million characters"),
        "bytes that are no text": (
            template("a,Lamp,S1,,,5,1,,,,,").replace(b"Lamp", b"La\x00\x01mp"),
            "not a text file",
        ),
        "nothing that can be taken": (template("a,Lamp,S1,,,free,1,,,,,"), "No row of the file can be taken over."),
    }
    named = {
        "list.xlsx": (b"PK\x03\x04" + b"\x00" * 100, "The spreadsheet is damaged."),
        "list.json": (b'{"products": []}', "The file holds no list of products."),
        "list.xml": (b"<products><product>", "The file is no well-formed XML"),
        "list.edi": (b"ISA*00*" + b" " * 120, "The interchange header (ISA) is cut short."),
    }
    for name, (content, reason) in {**unreadable, **named}.items():
        run = sender.checked(content, **({"name": name} if name in named else {}))
        assert run["state"] == "FAILED", name
        assert reason in run["error"], name
        assert sender.api.post(f"/api/supplier/uploads/{run['id']}/apply", {}).status_code == 409
    assert sender.jobs.open_tasks() == []
    assert sender.rows("select id from supplier_products") == []


def test_a_million_rows_are_refused_by_the_limit_without_being_held(sender: Sender) -> None:
    """The file is sent in pieces and read in pieces; of 1,000,000 rows no more than the limit are ever kept."""
    many = sender.checked(
        b"",
        environ_overrides={
            "wsgi.input": io.BufferedReader(EndlessRows(1_000_000)),
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    (kept,) = sender.rows("select size_bytes from feed_runs")
    assert kept["size_bytes"] > 25_000_000
    assert (many["state"], many["error"]) == ("FAILED", "There are more than 2,000 rows. Split the file.")
    assert many["counts"] == {}
    assert sender.rows("select 1 from feed_rows limit 1") == []


class _Endless(io.RawIOBase):
    """A file that never ends, and how much of it was asked for."""

    read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        view[:] = b"x" * len(view)
        self.read_bytes += len(view)
        return len(view)


def test_a_file_without_end_is_refused_at_the_limit_and_not_kept(sender: Sender, tmp_path: Path) -> None:
    """Whether its size is told beforehand or not."""
    told = sender.send(b"", environ_overrides={"wsgi.input": _Endless(), "CONTENT_LENGTH": str(1024**3)})
    assert told.status_code == 413
    endless = _Endless()
    untold = sender.send(
        b"",
        environ_overrides={
            "wsgi.input": endless,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    assert untold.status_code in (413, 422)
    assert endless.read_bytes <= 41 * 1024 * 1024
    assert sender.rows("select id from feed_runs") == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_as_many_rows_as_the_limit_are_taken_and_one_more_is_not(sender: Sender) -> None:
    lines = [f"a{number},Lamp,S{number},,,5,1,,,,," for number in range(2001)]
    assert sender.checked(template(*lines[:2000]))["counts"]["new"] == 2000
    assert sender.checked(template(*lines))["state"] == "FAILED"


def test_good_rows_are_taken_over_and_bad_ones_named_with_their_reasons(sender: Sender) -> None:
    run = sender.taken_over(
        template(
            'a,Lamp,S1,,,"1.234,56",7,,,,,"<p onclick=steal()>Warm<script>steal()</script>'
            '<img src=x onerror=steal()><a href=""javascript:steal()"">more</a></p>"',
            "b,=cmd('calc'),S2,,,5,1,,,,,@SUM(1)",
            "c,Chair,S3,,,free,1,,,,,",
            "d,Table,S4,,,9,3.5.1,,,,,",
            "a,Lamp,S1,,,9,8,,,,,",
            "e,=HYPERLINK(1),S5,,,=1+1,2,,,,,",
            'f,"Tall\nlamp",S6,,,4,,,,,,',
        )
    )
    assert (run["state"], run["counts"]["variants"], run["counts"]["rejected"]) == ("APPLIED", 3, 4)
    problems = {one["code"]: (one["rows"], one["first_row"]) for one in run["problems"] if not one["warning"]}
    assert problems == {"not_a_price": (2, 4), "not_a_quantity": (1, 5), "duplicate_sku": (1, 6)}
    found = sender.rows(
        "select v.sku, v.wholesale_price, p.title, p.description, coalesce(l.on_hand, -1) as stock "
        "from supplier_variants v join supplier_products p on p.id = v.product_id "
        "left join inventory_levels l on l.variant_id = v.id order by v.sku"
    )
    assert [(row["sku"], row["wholesale_price"], row["stock"]) for row in found] == [
        ("S1", 123456, 7),
        ("S2", 500, 1),
        ("S6", 400, -1),
    ]
    assert found[1]["title"] == "=cmd('calc')", "a formula is only text to us"
    description = found[0]["description"]
    assert "Warm" in description
    assert not any(word in description for word in ("steal", "script", "onclick", "onerror", "src="))


def test_what_is_given_back_runs_nothing_in_a_spreadsheet(sender: Sender) -> None:
    run = sender.checked(
        template(
            "b,=cmd('calc'),-S2,,,free,1,,,,,",
            "c,@SUM(1),+S3,,,free,1,,,,,",
            "d,Chair,S4,,,5,1,,,,,",
        )
    )
    browser = _owner(sender)
    text = browser.get(f"/supplier/uploads/{run['id']}/rejected.csv").text
    assert "'=cmd('calc')" in text
    cells = [cell for line in text.splitlines()[1:] for cell in line.split(",")]
    assert sorted(cell for cell in cells if cell.startswith(("'=", "'+", "'-", "'@"))) == [
        "'+S3",
        "'-S2",
        "'=cmd('calc')",
        "'@SUM(1)",
    ]
    assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@")) for cell in cells)
    page = browser.get(f"/supplier/uploads/{run['id']}").text
    assert "is not a price above zero" in page


def test_what_a_later_file_says_nothing_about_stays_as_it_is(sender: Sender) -> None:
    """A list without descriptions, brands or GTINs is no reason to lose them: neither the preview nor the catalogue
    takes a column that is not there for an empty one."""
    first = (
        "product_id,title,sku,option1_name,option1_value,cost,stock,msrp,weight,weight_unit,gtin,description,brand,tags,"
        "category,status\n"
        "lamp,Lamp,L-1,Color,red,5.00,3,9.90,200,g,4006381333931,<p>Bright</p>,Lux,light|desk,Home > Lamps,draft\n"
    )
    assert sender.taken_over(first.encode())["state"] == "APPLIED"
    told = "select p.description, p.brand, p.tags, p.status, p.option_names, p.category_id, v.options, v.gtin, v.msrp, "
    told += "v.weight_grams from supplier_products p join supplier_variants v on v.product_id = p.id"
    before = sender.rows(told)
    assert before[0]["brand"] == "Lux"

    run = sender.checked(b"product_id,title,sku,cost\nlamp,Lamp,L-1,6.00\n")
    (row,) = sender.rows(f"select changes from feed_rows where run_id = '{run['id']}'")
    assert row["changes"] == {"cost": [500, 600]}
    assert sender.taken_over(b"product_id,title,sku,cost\nlamp,Big lamp,L-1,6.50\n")["state"] == "APPLIED"

    assert sender.rows(told) == before
    assert sender.rows("select title, lowest_wholesale from supplier_products") == [
        {"title": "Big lamp", "lowest_wholesale": 650}
    ]
    found = sender.rows("select 1 as found from supplier_products where position('lux' in search_text) > 0")
    assert found, "it is still found by its brand"
    sender.taken_over(b"product_id,title,sku,cost,description\nlamp,Lamp,L-1,6.50,\n")
    assert sender.rows("select description from supplier_products") == [{"description": ""}], "an empty cell is said"


def test_a_person_may_send_a_file_as_large_as_the_page_says(sender: Sender) -> None:
    """The limit of a page's other forms, 1 MB, is not that of files; a file above the limit is refused and not kept."""
    browser = _owner(sender)
    rows = [f"a{number},Lamp {'x' * 200},S{number},,,5,1,,,,," for number in range(10_000)]
    answer = browser.submit("/supplier/uploads", "/supplier/uploads", file=(io.BytesIO(template(*rows)), "list.csv"))
    assert answer.status_code == 303, answer.text
    assert sender.rows("select file_name, size_bytes > 2000000 as large from feed_runs") == [
        {"file_name": "list.csv", "large": True}
    ]
    too_large = io.BytesIO(b"x" * (41 * 1024 * 1024))
    assert browser.submit("/supplier/uploads", "/supplier/uploads", file=(too_large, "list.csv")).status_code == 413
    assert len(sender.rows("select id from feed_runs")) == 1


def test_a_file_that_is_refused_is_refused_where_it_was_chosen(sender: Sender) -> None:
    """The page with the form comes back, with the reason at the field; a file above the limit is told the limit."""
    browser = _owner(sender)
    for content, name, reason in (
        (b"", "list.csv", "The file is empty."),
        (bytes(range(256)) * 20, "list.bin", "Save your list as CSV, Excel, XML or JSON."),
        (b"%PDF-1.7\n%list", "list.csv", "This is a document or a picture."),
        (b"", "", "Choose a file first."),
    ):
        answer = browser.submit("/supplier/uploads", "/supplier/uploads", file=(io.BytesIO(content), name))
        assert answer.status_code == 422, name
        assert reason in problems_in(answer)["file"], name
        assert "Files so far" in answer.text
    too_large = io.BytesIO(b"x" * (41 * 1024 * 1024))
    refused = browser.submit("/supplier/uploads", "/supplier/uploads", file=(too_large, "list.csv"))
    assert refused.status_code == 413
    assert "40 MB" in text_of(refused)


def test_the_preview_says_what_new_rows_hold_and_which_columns_are_not_used(sender: Sender) -> None:
    run = sender.checked(b"Artikelnummer;Titel;Farbe;EK netto;Regalplatz\nL-1;Lampe;Rot;1.010,90;A7\n")
    shown = text_of(_owner(sender).get(f"/supplier/uploads/{run['id']}"))
    assert "Wholesale price: $1,010.90" in shown
    assert "Color: Rot" in shown
    understood = shown[shown.index("How the columns were understood") :]
    assert understood.index("Artikelnummer") < understood.index("SKU") < understood.index("EK netto")
    assert "Wholesale price" in understood and "option1_value" not in shown
    assert "Not used: Regalplatz." in understood
    assert "No column holds the stock" in shown
    told = sender.checked(b"sku;title;stock;cost\nL-1;Lamp;7;9.50\n")
    again = text_of(_owner(sender).get(f"/supplier/uploads/{told['id']}"))
    assert "Stock: 7" in again and "No column holds the stock" not in again


def _owner(sender: Sender) -> Browser:
    """Somebody of the supplier's people, signed in."""
    with db.system_scope(actor="test"), db.transaction() as session:
        email = factories.member(session, session.get_one(Organisation, sender.id), "supplier_owner").email
    browser = Browser(sender.app)
    assert browser.sign_in(email).status_code == 303
    return browser


def test_the_same_file_sent_twice_at_once_is_one_run(sender: Sender) -> None:
    content = template("a,Lamp,S1,,,5,1,,,,,")
    first, second = sender.send(content), sender.send(content)
    assert first.json["id"] == second.json["id"]
    sender.jobs.drain()
    assert len(sender.rows("select id from feed_runs")) == 1
