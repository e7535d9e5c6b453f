"""A supplier at its portal, whose files stand on the simulated servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from bs4 import BeautifulSoup
from flask import Flask

from app import db
from app.config import settings
from app.feeds import files
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import issue_key
from tests import factories
from tests.market import Api, application
from tests.simulators.process import SimulatorProcess, free_port, spawn
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of

COLUMNS = "Artikelnummer,Bezeichnung,EK netto,Bestand"
Json = dict[str, Any]


def list_of(*rows: str, columns: str = COLUMNS) -> bytes:
    """A plain price list."""
    return "\n".join([columns, *rows, ""]).encode()


LAMPS = list_of("L-1,Desk lamp,12.50,5", "L-2,Floor lamp,30.00,7")


@dataclass(slots=True)
class FileServers:
    """The supplier's own servers."""

    process: SimulatorProcess
    sftp_port: int

    def put(self, path: str, content: bytes, **how: str) -> None:
        """A file."""
        requests.put(f"{self.process.url}/_sim/files/{path}", data=content, params=how, timeout=30).raise_for_status()

    def read(self, path: str) -> bytes | None:
        """A file's bytes; None when there is no such file."""
        answer = requests.get(f"{self.process.url}/_sim/files/{path}", timeout=30)
        return answer.content if answer.ok else None

    def folder(self, path: str, *, write: bool = False) -> None:
        """A folder that is there though it is empty; users may put files into it when it is for writing."""
        how = {"write": "yes" if write else "no"}
        requests.put(f"{self.process.url}/_sim/folders/{path}", params=how, timeout=30).raise_for_status()

    def listed(self, path: str) -> list[str]:
        """The names of a folder's files."""
        names: list[str] = requests.get(f"{self.process.url}/_sim/folders/{path}", timeout=30).json()["files"]
        return names

    def break_at_rename(self, when: str) -> None:
        """The next renaming breaks the talk off, ``before`` or ``after`` it was done."""
        requests.post(f"{self.process.url}/_sim/break-at-rename/{when}", timeout=30).raise_for_status()

    def delete(self, path: str) -> None:
        """No file any more."""
        requests.delete(f"{self.process.url}/_sim/files/{path}", timeout=30).raise_for_status()

    def user(self, name: str, **how: str) -> None:
        """Somebody who may use SFTP."""
        requests.put(f"{self.process.url}/_sim/users/{name}", params=how, timeout=30).raise_for_status()

    def new_host_key(self) -> None:
        """The SFTP server is set up anew."""
        requests.post(f"{self.process.url}/_sim/host-key", timeout=30).raise_for_status()

    def asked(self, path: str) -> list[int]:
        """What was answered to each request for a file."""
        asked = requests.get(f"{self.process.url}/_sim/asked", timeout=30).json()["asked"]
        return [one["status"] for one in asked if one["path"] in (path, f"open /{path}")]

    def web(self, path: str) -> str:
        """A file's address."""
        return f"{self.process.url}/files/{path}"

    def sftp(self, path: str) -> str:
        """A file's or a pattern's address."""
        return f"sftp://127.0.0.1:{self.sftp_port}/{path}"


@pytest.fixture(scope="session")
def file_servers() -> Iterator[FileServers]:
    """Both servers in one process, for all tests."""
    sftp_port = free_port()
    with spawn("tests.simulators.files", ["--sftp-port", str(sftp_port)], free_port()) as process:
        yield FileServers(process, sftp_port)


@dataclass(slots=True)
class Portal:
    """One supplier: its browser, its key, and what became of its feeds."""

    app: Flask
    id: UUID
    browser: Browser
    api: Api
    jobs: Jobs
    added: int = 0

    def add(self, kind: str = "https", **values: str) -> str:
        """Add a feed through the page; its id."""
        self.added += 1
        sent = {
            "name": "Stock" if self.added == 1 else f"Stock {self.added}",
            "content": "full",
            "scheme": "none",
            **values,
        }
        answer = self.browser.submit(f"/supplier/feeds/new?kind={kind}", "/feeds/new", **sent)
        assert answer.status_code == 303, text_of(answer)
        return str(answer.headers["Location"]).split("/")[-1].split("?")[0]

    def act(self, source: str, what: str, **values: str) -> None:
        """A button of the feed's page."""
        answer = self.browser.submit(f"/supplier/feeds/{source}", f"/{what}", **values)
        assert answer.status_code == 303, text_of(answer)

    def look(self) -> None:
        """What is due is looked at."""
        self.jobs.run_scheduled("schedule_feeds")

    def due(self, source: str) -> None:
        """As if its time had come."""
        past = "now() - interval '1 second'"
        self.rows(f"update feed_sources set next_run_at = {past} where id = '{source}' returning id")
        self.look()

    def page(self, source: str) -> str:
        """What its page says."""
        answer = self.browser.get(f"/supplier/feeds/{source}")
        assert answer.status_code == 200
        return text_of(answer)

    def source(self, source: str) -> Json:
        """Its row."""
        return self.rows(f"select * from feed_sources where id = '{source}'")[0]

    def runs(self) -> list[Json]:
        """All runs in their order."""
        return self.rows("select * from feed_runs order by id")

    def outcomes(self, source: str) -> list[str]:
        """What came of each look."""
        rows = self.rows(f"select outcome from feed_fetches where source_id = '{source}' order by id")
        return [row["outcome"] for row in rows]

    def confirm(self, run: Json, **fields: str) -> None:
        """Confirm the columns of a run as they are proposed, but for those named (column → field)."""
        path = f"/supplier/uploads/{run['id']}/columns"
        names = [one["column"] for one in run["detected"]["columns"]]
        values = {f"column-{names.index(column)}": field for column, field in fields.items()}
        answer = self.browser.submit(path, "/columns", **values)
        assert answer.status_code == 303, text_of(answer)
        self.jobs.drain()

    def confirmed_feed(self, **values: str) -> str:
        """A feed whose first file was confirmed and taken over."""
        source = self.add(**values)
        self.look()
        self.confirm(self.runs()[-1])
        assert self.runs()[-1]["state"] == "APPLIED"
        return source

    def stock(self) -> dict[str, int]:
        """What the catalogue says of the stock."""
        found = self.rows(
            "select sku, on_hand from inventory_levels l join supplier_variants v on v.id = l.variant_id"
            f" where v.supplier_id = '{self.id}' order by sku"
        )
        return {row["sku"]: row["on_hand"] for row in found}

    def notices(self) -> list[tuple[str, str]]:
        """Kind and title of what the supplier is told of its feeds on its home."""
        return [
            (row["kind"], row["title"])
            for row in self.rows(
                "select kind, title from notices where resolved_at is null and kind like 'feed%%' order by id"
            )
        ]

    def letters(self) -> list[str]:
        """The kinds of the e-mails about feeds."""
        return [row["kind"] for row in self.rows("select kind from emails where kind like 'feed%%' order by id")]

    def rows(self, statement: str) -> list[Json]:
        """Rows of a query across tenants."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return [dict(row) for row in session.connection().exec_driver_sql(statement).mappings()]

    def choices(self, run: Json) -> dict[str, str]:
        """What the columns' page has chosen: column → field."""
        answer = self.browser.get(f"/supplier/uploads/{run['id']}/columns")
        assert answer.status_code == 200
        page = BeautifulSoup(answer.text, "html.parser")
        names = [one["column"] for one in run["detected"]["columns"]]
        chosen = {}
        for index, name in enumerate(names):
            option = page.select_one(f"[name=column-{index}] option[selected]")
            chosen[name] = str(option["value"]) if option else ""
        return chosen


@pytest.fixture
def portal(
    committed: None, jobs: Jobs, set_up: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """See the class. The simulated servers may be reached, no other address that is not public."""
    folder = Path(tmp_path_factory.getbasetemp()) / "feeds"
    set_up(data_dir=str(folder), upload_max_bytes="200000", outbound_allowed_hosts="127.0.0.1")
    files.storage.cache_clear()
    app = application(settings())
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = factories.supplier(session)
        email = factories.member(session, supplier, "supplier_owner").email
        _, secret = issue_key(session, supplier.id, name="all", scopes=SCOPES_OF_KIND["supplier"])
    browser = Browser(app)
    assert browser.sign_in(email).status_code == 303
    yield Portal(app, supplier.id, browser, Api(app, secret), jobs)
    files.storage.cache_clear()
