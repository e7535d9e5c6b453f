"""A supplier's own columns: which of its headers hold what, and how numbers and dates are written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kit.errors import Invalid
from app.kit.money import Money
from app.purchasing.channel import ChannelSettings, PurchaseOrderLineNote, PurchaseOrderNote, SenderNote
from app.stores.store_orders import Address

SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
DATES: Mapping[str, str] = {
    "2026-11-29": "%Y-%m-%d",
    "29.11.2026": "%d.%m.%Y",
    "29/11/2026": "%d/%m/%Y",
    "11/29/2026": "%m/%d/%Y",
    "20261129": "%Y%m%d",
}
ENCODINGS: Mapping[str, str] = {"utf-8": "utf-8", "utf-8-bom": "utf-8-sig", "windows-1252": "cp1252"}
_MOST_COLUMNS = 60
#: What a spreadsheet would run, but for telephone numbers.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s()./-]*$)")


@dataclass(frozen=True, slots=True)
class _Row:
    """What a line of a file is made of. ``line`` is None where all of an order is cancelled."""

    note: PurchaseOrderNote
    line: PurchaseOrderLineNote | None
    action: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Template:
    """Columns as header and the name of a field, or a constant text in quotation marks."""

    columns: Sequence[tuple[str, str]]
    separator: str
    decimal: str
    dates: str
    encoding: str

    @classmethod
    def of(cls, settings: ChannelSettings) -> Template:
        """Raises ``Invalid``."""
        columns = pairs(settings.get("columns") or DEFAULT_COLUMNS, "columns", FIELDS)
        if len(columns) > _MOST_COLUMNS:
            raise Invalid.field("columns", "too_many", f"At most {_MOST_COLUMNS} columns.")
        return cls(
            columns=columns,
            separator=SEPARATORS.get(settings.get("separator"), ","),
            decimal="," if settings.get("decimal") == "comma" else ".",
            dates=DATES.get(settings.get("dates"), "%Y-%m-%d"),
            encoding=ENCODINGS.get(settings.get("encoding"), "utf-8"),
        )

    def file(self, notes: Iterable[PurchaseOrderNote], *, action: str, sequence: int) -> bytes:
        """A file with a line for each line of the orders. ``action``: ``new``, ``change`` (the lines say what is still
        wanted), ``cancel``, or of what the supplier has accepted: ``stop`` (the lines say what is to be stopped),
        ``address`` (another one is asked for) or ``go_on`` (neither is asked for any more). Letters that the encoding
        lacks are written as question marks."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.separator, lineterminator="\r\n")
        writer.writerow([header for header, _field in self.columns])
        for note in notes:
            for line in note.lines or (None,):
                row = _Row(note, line, action, sequence)
                writer.writerow([self._cell(field, row) for _header, field in self.columns])
        return out.getvalue().encode(self.encoding, errors="replace")

    def holds(self, *fields: str) -> bool:
        """Whether there are columns for all of these."""
        return {field for _header, field in self.columns}.issuperset(fields)

    def _cell(self, field: str, row: _Row) -> str:
        value = field[1:-1] if field.startswith('"') else FIELDS[field](row)
        if isinstance(value, datetime):
            return value.strftime(self.dates)
        if isinstance(value, Money):
            return value.amount.replace(".", self.decimal)
        text = " ".join(str(value if value is not None else "").split())
        return f"'{text}" if _FORMULA.match(text) else text


def pairs(written: str, setting: str, allowed: Mapping[str, object]) -> list[tuple[str, str]]:
    """``Their header = field`` on each line. Raises ``Invalid`` that names the line."""
    found: list[tuple[str, str]] = []
    for number, line in enumerate(re.split(r"[\n;]", written), 1):
        if not line.strip():
            continue
        header, equals, field = (part.strip() for part in line.partition("="))
        constant = len(field) > 1 and field.startswith('"') and field.endswith('"')
        if not header or not equals or not field:
            raise Invalid.field(setting, "not_a_column", f"Line {number}: write “Your column = our field”.")
        if field not in allowed and not (constant and setting == "columns"):
            raise Invalid.field(
                setting, "unknown_field", f"Line {number}: there is no field “{field}”. One of: {', '.join(allowed)}."
            )
        found.append((header, field))
    return found


def _of_line(read: Callable[[PurchaseOrderLineNote], object]) -> Callable[[_Row], object]:
    return lambda row: None if row.line is None else read(row.line)


def _of_address(read: Callable[[Address], object]) -> Callable[[_Row], object]:
    return lambda row: None if row.note.address is None else read(row.note.address)


def _of_sender(read: Callable[[SenderNote], object]) -> Callable[[_Row], object]:
    return lambda row: None if row.note.sender is None else read(row.note.sender)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


#: What a column of a file of ours can hold.
FIELDS: Mapping[str, Callable[[_Row], object]] = {
    "action": lambda row: row.action,
    "number": lambda row: row.note.number,
    "order_date": lambda row: row.note.released_at,
    "ship_by": lambda row: row.note.ship_by,
    "order_reference": lambda row: row.note.order_reference,
    "retailer": lambda row: row.note.retailer_name,
    "sample": lambda row: "yes" if row.note.sample else "no",
    "shipping_method": lambda row: row.note.shipping_method,
    "message_number": lambda row: row.sequence,
    "line": _of_line(lambda line: line.position),
    "sku": _of_line(lambda line: line.sku),
    "gtin": _of_line(lambda line: line.gtin),
    "title": _of_line(lambda line: line.title),
    "quantity": _of_line(lambda line: line.quantity),
    "unit_price": _of_line(lambda line: line.wholesale_price),
    "line_total": _of_line(lambda line: line.wholesale_price * line.quantity),
    "currency": lambda row: row.note.total.currency,
    "name": _of_address(lambda address: address.name),
    "company": _of_address(lambda address: address.company),
    "address1": _of_address(lambda address: address.address1),
    "address2": _of_address(lambda address: address.address2),
    "city": _of_address(lambda address: address.city),
    "province": _of_address(lambda address: address.province),
    "postal_code": _of_address(lambda address: address.postal_code),
    "country": _of_address(lambda address: address.country_code),
    "phone": _of_address(lambda address: address.phone),
    # Who stands on the parcel; all of it is empty where the supplier does.
    "sender_name": _of_sender(lambda sender: sender.address.name),
    "sender_company": _of_sender(lambda sender: sender.address.company),
    "sender_address1": _of_sender(lambda sender: sender.address.address1),
    "sender_address2": _of_sender(lambda sender: sender.address.address2),
    "sender_city": _of_sender(lambda sender: sender.address.city),
    "sender_province": _of_sender(lambda sender: sender.address.province),
    "sender_postal_code": _of_sender(lambda sender: sender.address.postal_code),
    "sender_country": _of_sender(lambda sender: sender.address.country_code),
    "sender_phone": _of_sender(lambda sender: sender.address.phone),
    "as_sender": _of_sender(lambda sender: _yes(sender.as_sender)),
    "as_return_address": _of_sender(lambda sender: _yes(sender.as_return_address)),
    "shipping_cost": lambda row: row.note.shipping,
    "order_fee": lambda row: row.note.order_fee,
}

#: The columns of a supplier that names none.
DEFAULT_COLUMNS = "\n".join(
    f"{header} = {field}"
    for header, field in (
        ("action", "action"), ("po_number", "number"), ("order_date", "order_date"), ("ship_by", "ship_by"),
        ("line", "line"), ("sku", "sku"), ("gtin", "gtin"), ("title", "title"), ("quantity", "quantity"),
        ("unit_price", "unit_price"), ("currency", "currency"), ("shipping_method", "shipping_method"),
        ("name", "name"), ("company", "company"), ("address1", "address1"), ("address2", "address2"),
        ("city", "city"), ("province", "province"), ("postal_code", "postal_code"), ("country", "country"),
        ("phone", "phone"),
        *((f"sender_{part}", f"sender_{part}") for part in (
            "name", "company", "address1", "address2", "city", "province", "postal_code", "country", "phone",
        )),
        ("as_sender", "as_sender"), ("as_return_address", "as_return_address"),
    )
)  # fmt: skip
