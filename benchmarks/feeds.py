"""A supplier's file on its way into the catalogue, through the real jobs, each in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg2
import xlsxwriter
from sqlalchemy import select

from app import config, db
from app.catalog.models import SupplierProduct
from app.catalog.search.refreshing import list_new
from app.feeds.files import storage
from app.feeds.models import FeedRun
from app.feeds.service import receive_upload, want_applied
from app.kit.ids import new_id
from benchmarks.ground import Ground, ground
from benchmarks.result import Result
from tests import factories
from workers.jobs.list_products import AT_ONCE as LISTED_AT_ONCE

ROWS, VARIANTS_EACH = 100_000, 4
COLUMNS = (
    "product_id", "title", "description", "brand", "category", "sku", "gtin", "option1_name", "option1_value", "cost",
    "msrp", "weight", "weight_unit", "stock", "image_urls", "tags", "status",
)  # fmt: skip
_COLOURS = ("Black", "White", "Red", "Blue")
_KINDS = ("Lamp", "Chair", "Shelf", "Table", "Rug", "Vase", "Clock", "Mirror")
_CATEGORIES = ("Home & Garden > Lighting", "Furniture > Chairs", "Furniture", "Home & Garden > Decor")
_DESCRIPTION = (
    "<p>{kind} of model {product}, made by hand of <strong>good material</strong>. It fits most rooms, is easy to "
    "clean and comes with all that is needed to put it up.</p>"
)


def gtin(number: int) -> str:
    """A right GTIN-13."""
    digits = f"400{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def lines(changed_every: int = 0) -> Iterator[list[str]]:
    """The rows of a supplier's list, all columns in each; with ``changed_every``, one in so many has another price and
    stock."""
    for number in range(ROWS):
        product, place = divmod(number, VARIANTS_EACH)
        kind, other = _KINDS[product % len(_KINDS)], bool(changed_every) and number % changed_every == 0
        yield [
            f"p-{product}",
            f"{kind} no. {product}",
            _DESCRIPTION.format(kind=kind, product=product),
            f"Brand {product % 50}",
            _CATEGORIES[product % len(_CATEGORIES)],
            f"SKU-{number:06d}",
            gtin(number),
            "Color",
            _COLOURS[place],
            f"{5 + product % 200 + (1 if other else 0)}.50",
            f"{20 + product % 400}.90",
            f"{0.2 + (product % 30) / 10:.1f}",
            "kg",
            str((number * 7) % 90 + (1 if other else 0)),
            f"https://pictures.example/{product}/1.jpg|https://pictures.example/{product}/2.jpg",
            "home, sale" if product % 3 else "home",
            "active",
        ]  # fmt: skip


def as_csv(rows: Iterator[list[str]]) -> bytes:
    """The list as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue().encode()


def as_xlsx(rows: Iterator[list[str]]) -> bytes:
    """The list as Excel writes it, prices and stock as numbers."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet("Products")
    sheet.write_row(0, 0, COLUMNS)
    numbers = [COLUMNS.index(name) for name in ("cost", "msrp", "weight", "stock")]
    for index, row in enumerate(rows, start=1):
        cells: list[str | float] = list(row)
        for place in numbers:
            cells[place] = float(row[place])
        sheet.write_row(index, 0, cells)
    book.close()
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a file's two jobs, and the larger of their processes' peaks in MB."""

    check: float
    apply: float
    peak_mb: float

    @property
    def seconds(self) -> float:
        return self.check + self.apply


@dataclass(slots=True)
class Bench:
    """Servers, and a supplier that sends files."""

    ground: Ground
    supplier_id: UUID

    def send(self, content: bytes, name: str, feed: str) -> Took:
        """Read, compare and take over one file, each job in a fresh process."""
        stored = storage().put(f"uploads/{new_id()}", [content], limit=len(content))
        key = f"uploads/{new_id()}"
        storage().put(key, [content], limit=len(content))
        with db.system_scope(actor="bench"), db.transaction() as session:
            run = receive_upload(session, self.supplier_id, file_name=name, feed=feed, file_key=key, stored=stored)
        checked = self._job(run.id, "check")
        with db.system_scope(actor="bench"), db.transaction() as session:
            want_applied(session, self.supplier_id, run.id)
        applied = self._job(run.id, "apply")
        with db.system_scope(actor="bench"), db.transaction() as session:
            run = session.get_one(FeedRun, run.id)
            if run.state != "APPLIED" or run.counts["variants"] != ROWS:
                raise RuntimeError(f"the file was not taken over: {run.state} {run.error} {run.counts}")
        return Took(checked["seconds"], applied["seconds"], max(checked["peak_mb"], applied["peak_mb"]))

    def list_new(self) -> float:
        """Seconds in which the supplier's products come to be found, as the job that follows makes them."""
        with db.system_scope(actor="bench"), db.transaction() as session:
            ids = session.scalars(
                select(SupplierProduct.id).where(SupplierProduct.supplier_id == self.supplier_id)
            ).all()
        begun = time.perf_counter()
        for start in range(0, len(ids), LISTED_AT_ONCE):
            with db.system_scope(actor="bench"), db.transaction() as session:
                list_new(session, sorted(ids)[start : start + LISTED_AT_ONCE])
        took = time.perf_counter() - begun
        listed = self.one("select count(*) from catalog_entries")
        if listed != ROWS // VARIANTS_EACH:
            raise RuntimeError(f"{listed} products are found, not {ROWS // VARIANTS_EACH}")
        return took

    def one(self, statement: str) -> int:
        """One number."""
        return int(self.value(statement))

    def value(self, statement: str) -> str:
        connection = psycopg2.connect(self.ground.database_url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return str(cursor.fetchone()[0]) if cursor.description else ""
        finally:
            connection.close()

    def copy(self, rows: Sequence[list[str]]) -> float:
        """Seconds for COPY of the rows into one table with a key, in one transaction."""
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        content = out.getvalue()
        connection = psycopg2.connect(self.ground.database_url)
        try:
            with connection, connection.cursor() as cursor:
                names = ", ".join(f"{name} text" for name in COLUMNS)
                cursor.execute(f"create table copied ({names}, primary key (sku))")
            begun = time.perf_counter()
            with connection, connection.cursor() as cursor:
                cursor.copy_expert("copy copied from stdin (format csv)", io.StringIO(content))
            took = time.perf_counter() - begun
            with connection, connection.cursor() as cursor:
                cursor.execute("drop table copied")
        finally:
            connection.close()
        return took

    def _job(self, run_id: UUID, which: str) -> dict[str, float]:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.feed_job", str(run_id), which], stdout=subprocess.PIPE, check=True
        )
        answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return answer


@contextmanager
def bench() -> Iterator[Bench]:
    """A supplier on fresh servers."""
    with ground() as found:
        os.environ["CROSSDOCK_DATA_DIR"] = str(found.folder / "data")
        config.reload()
        storage.cache_clear()
        with db.system_scope(actor="bench"), db.transaction() as session:
            supplier_id = factories.supplier(session).id
        yield Bench(found, supplier_id)


def first_import(case: str, content: bytes, name: str, feed: str) -> Result:
    """A list of products that nobody knows yet; the baseline is COPY of its rows. Standard error has the same with the
    job that follows, by which the products are found."""
    with bench() as place:
        took = place.send(content, name, feed)
        listing = place.list_new()
        least = min(place.copy(list(lines())) for _ in range(3))
    found = took.seconds + listing
    sys.stderr.write(
        f"until all are found, {listing:.1f} s later: {ROWS / found:.0f} rows/s, ratio {least / found:.3f}\n"
    )
    return Result(
        case=case,
        value=ROWS / took.seconds,
        unit="rows/s",
        baseline=ROWS / least,
        ratio=least / took.seconds,
        p50_ms=took.check * 1000,
        p99_ms=took.apply * 1000,
        n=ROWS,
        peak_mb=took.peak_mb,
    )
