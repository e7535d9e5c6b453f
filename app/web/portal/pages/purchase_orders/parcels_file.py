"""A file of parcels: who carries which order under which number, and what is in it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from app.kit.csv_lines import read_cell
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.web.ui.rendering import gettext

COLUMNS = ("purchase_order", "carrier", "tracking_number", "sku", "quantity")
#: What people call them besides.
_ALSO = {"order": "purchase_order", "po": "purchase_order", "tracking": "tracking_number", "units": "quantity"}
#: Purchase order, carrier and tracking number.
Parcel = tuple[str, str, str]


def parcels_of(content: bytes) -> dict[Parcel, dict[str, int]]:
    """The parcels of a file: purchase order, carrier and number → units by SKU, none for all that is open. Raises
    ``Invalid``, naming the row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.field("file", "not_text", gettext(_("Save the file as CSV in UTF-8."))) from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    if not text.strip():
        raise Invalid.field("file", "empty", gettext(_("The file is empty.")))
    names = {_column(name): name for name in reader.fieldnames or () if name}
    missing = [name for name in COLUMNS[:3] if name not in names]
    if missing:
        message = gettext(_("The file has no column %(name)s. Name its columns as the file to download does."))
        message %= {"name": missing[0]}
        raise Invalid.field("file", "column_missing", message)
    found: dict[Parcel, dict[str, int]] = {}
    try:
        for number, row in enumerate(reader, start=2):
            cells = {name: read_cell((row.get(column) or "").strip()) for name, column in names.items()}
            _add_row(found, number, cells)
    except csv.Error as error:
        raise Invalid.field("file", "not_csv", gettext(_("Save the file as CSV in UTF-8."))) from error
    if not found:
        raise Invalid.field("file", "empty", gettext(_("No row of the file has a tracking number.")))
    return found


def _column(name: str) -> str:
    """Our name of a column, however it is written: ``Tracking number`` and ``order`` are understood."""
    plain = re.sub(r"[^a-z]+", "_", name.strip().lower()).strip("_")
    return _ALSO.get(plain, plain)


def _add_row(found: dict[Parcel, dict[str, int]], number: int, row: Mapping[str, str]) -> None:
    if not row["tracking_number"]:
        # A row of the template that was not filled in.
        return
    sku, quantity = row.get("sku", ""), row.get("quantity", "")
    wrong = None
    if not row["purchase_order"]:
        wrong = gettext(_("Row %(row)s names no purchase order."))
    elif len(row["tracking_number"]) > 100 or len(row["carrier"]) > 60 or "\x00" in "".join(row.values()):
        wrong = gettext(_("Row %(row)s has a carrier or number that is too long."))
    elif bool(sku) != bool(quantity) or (quantity and not _is_count(quantity)):
        wrong = gettext(_("Row %(row)s needs both a SKU and how many of it, or neither."))
    if wrong:
        raise Invalid.field("file", "bad_row", wrong % {"row": number})
    units = found.setdefault((row["purchase_order"], row["carrier"], row["tracking_number"]), {})
    if sku:
        units[sku] = units.get(sku, 0) + int(quantity)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text) > 0
