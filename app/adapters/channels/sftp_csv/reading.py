"""A supplier's answers in a file of its own columns: acknowledgements, cancellations and parcels, row by row."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal

from app.adapters.channels.sftp_csv.template import SEPARATORS
from app.adapters.channels.sftp_csv.words import ANSWERS, FIELDS, REASONS
from app.feeds.rules.fields import normal
from app.feeds.rules.numbers import NotANumber, read_decimal, unclear_mark
from app.kit.csv_lines import read_cell
from app.kit.texts import cut
from app.purchasing.answers import (
    AcknowledgedLine,
    Acknowledgement,
    Answer,
    ChangeAnswered,
    LineName,
    ParcelTold,
    ShipmentTold,
    Unreadable,
)

MOST_ROWS = 20_000
_MOST_COLUMNS = 200
#: Bad rows that are told of one by one.
_TOLD = 20
_LONGEST_CELL = 2_000


#: Words of rows that answer what was asked to be changed; those that also stand alone, for a line that was not asked
#: for.
_ABOUT_CHANGES = frozenset({"cancelled", "not_cancelled", "address_changed", "address_kept"})
_STOPPED = frozenset({"cancelled"})
#: What is written why a change is refused → our reason.
_REFUSALS = (("shipped", "shipped"), ("versandt", "shipped"), ("packed", "packed"), ("gepackt", "packed"))


class _BadRow(ValueError):
    """The row can't be used; the text says why."""


@dataclass(slots=True)
class Read:
    """What a file holds."""

    answers: list[Answer] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a row says of an order or of one of its lines."""

    number: str
    answer: str
    line: LineName | None
    quantity: int | None = None
    available_on: date | None = None
    reason: str = ""
    sequence: int | None = None
    words: str = ""
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    shipped_at: datetime | None = None


def read(name: str, content: bytes, *, dates: str, named: Mapping[str, str]) -> Read:
    """Turn a file into answers. ``dates``: how the supplier writes days. ``named``: what it said of its headers, as
    header → field. Rows that can't be used are told with their number and the reason; the others count."""
    digest = hashlib.sha256(name.encode() + b"\0" + content).hexdigest()[:24]
    found = Read()
    try:
        header, rows = _table(content)
        columns = _columns(header, named)
        said, bad = _said(rows, columns, dates)
    except _BadRow as error:
        found.unreadable.append(Unreadable(key=f"csv:{digest}", source=name, problem=str(error)))
        return found
    by_order: dict[str, list[_Said]] = defaultdict(list)
    for one in said:
        by_order[one.number].append(one)
    for number, about in by_order.items():
        found.answers += _answers_of(f"csv:{digest}:{number}", number, name, about)
    if bad:
        rest = f" And {len(bad) - _TOLD} more rows." if len(bad) > _TOLD else ""
        told = " ".join(f"Row {row}: {reason}" for row, reason in bad[:_TOLD])
        found.unreadable.append(Unreadable(key=f"csv:{digest}:rows", source=name, problem=told + rest))
    return found


def _table(content: bytes) -> tuple[list[str], Iterator[list[str]]]:
    text = _text(content).replace("\x00", "")
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(SEPARATORS.values(), key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = _rows(reader)
    header = next(rows, None)
    if not header:
        raise _BadRow("The file is empty.")
    if len(header) > _MOST_COLUMNS:
        raise _BadRow("The file has too many columns.")
    return header, rows


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _BadRow("The file is not CSV.") from error
        cells = [read_cell(cell.strip()[:_LONGEST_CELL]) for cell in row]
        yield cells if any(cells) else []


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _columns(header: Sequence[str], named: Mapping[str, str]) -> Mapping[str, int]:
    """Field → place. What the supplier said comes before what is recognised; of two alike the first counts."""
    told = {normal(column): one for column, one in named.items()}
    places: dict[str, int] = {}
    for known in (told, FIELDS):
        for place, column in enumerate(header):
            meant = known.get(normal(column))
            if meant and meant not in places and place not in places.values():
                places[meant] = place
    missing = sorted(one for one in told.values() if one not in places)
    if missing:
        raise _BadRow(f"The file lacks columns that the template names: {', '.join(missing)}.")
    if "number" not in places:
        raise _BadRow("The file has no column with our order number. Name it in the template.")
    if "status" not in places and "tracking_number" not in places:
        raise _BadRow("The file has neither a column with a status nor one with a tracking number.")
    return places


def _said(
    rows: Iterator[list[str]], columns: Mapping[str, int], dates: str
) -> tuple[list[_Said], list[tuple[int, str]]]:
    said: list[_Said] = []
    bad: list[tuple[int, str]] = []
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS + 1:
            raise _BadRow(f"The file has more than {MOST_ROWS} rows.")
        if not row:
            continue
        cells = {one: row[place] if place < len(row) else "" for one, place in columns.items()}
        try:
            said.append(_row(cells, dates))
        except _BadRow as error:
            bad.append((number, str(error)))
    return said, bad


def _row(cells: Mapping[str, str], dates: str) -> _Said:
    def cell(name: str) -> str:
        return cells.get(name, "")

    number = cell("number").lstrip("#")
    if not number:
        raise _BadRow("It names no order.")
    place, sku = cell("line"), cell("sku")
    position = _units(place, "line") if place else None
    line = LineName(position=position, sku=sku) if sku or position else None
    quantity = _units(cell("quantity"), "quantity") if cell("quantity") else None
    tracking = cell("tracking_number")
    word = ANSWERS.get(normal(cell("status")))
    if tracking:
        if word not in (None, "shipped", "accepted"):
            raise _BadRow(f"It has a tracking number, but says “{cell('status')[:40]}”.")
        if quantity == 0:
            raise _BadRow("It has a tracking number, but no units.")
        shipped = _day(cell("shipped_at"), dates)
        return _Said(
            number=number,
            answer="shipped",
            line=line,
            quantity=quantity,
            carrier=cell("carrier"),
            tracking_number=tracking,
            tracking_url=cell("tracking_url") if cell("tracking_url").startswith(("http://", "https://")) else "",
            shipped_at=datetime.combine(shipped, time(12)) if shipped else None,
        )
    if word is None:
        said = cell("status")[:40]
        raise _BadRow(
            f"The status “{said}” is not known." if said else "It has neither a status nor a tracking number."
        )
    if word == "shipped":
        raise _BadRow("It was shipped, but has no tracking number.")
    reason = word if word in ("out_of_stock", "discontinued") else _reason(cell("reason"))
    answer = "rejected" if word in ("out_of_stock", "discontinued") else word
    available = _day(cell("available_on"), dates)
    if answer == "backordered" and available is None:
        raise _BadRow("It comes later, but there is no date.")
    told = cell("message_number")
    sequence = _units(told, "message number") if told else None
    return _Said(number, answer, line, quantity, available, reason, sequence, cut(cell("reason"), 200))


def _answers_of(key: str, number: str, source: str, about: Sequence[_Said]) -> Iterator[Answer]:
    lines: dict[tuple[LineName, str], AcknowledgedLine] = {}
    whole: Literal["accepted", "rejected"] | None = None
    reason: str | None = None
    parcels: dict[str, list[_Said]] = defaultdict(list)
    changes: dict[tuple[bool, int | None], list[_Said]] = defaultdict(list)
    for one in about:
        if one.answer == "shipped":
            parcels[one.tracking_number].append(one)
        elif one.answer in _ABOUT_CHANGES and (
            one.line is None or one.sequence is not None or one.answer not in _STOPPED
        ):
            changes[one.answer.partition("_")[0] == "address", one.sequence].append(one)
        elif one.line is None and one.answer in ("accepted", "rejected"):
            whole = "rejected" if one.answer == "rejected" else "accepted"
            reason = one.reason if whole == "rejected" else None
        elif one.line is not None:
            acknowledged = _acknowledged(one.line, one)
            known = lines.get((one.line, acknowledged.answer))
            lines[one.line, acknowledged.answer] = acknowledged if known is None else _both(known, acknowledged)
    for (about_address, sequence), rows in changes.items():
        yield _change(f"{key}:{'address' if about_address else 'change'}:{sequence}", number, source, rows)
    if lines or whole is not None:
        yield Acknowledgement(
            key=key, number=number, source=source, lines=list(lines.values()), whole=whole, reason=reason
        )
    if parcels:
        told = [_parcel(tracking, rows) for tracking, rows in parcels.items()]
        yield ShipmentTold(key=f"{key}:shipped", number=number, source=source, parcels=told)


def _change(key: str, number: str, source: str, rows: Sequence[_Said]) -> ChangeAnswered:
    """What is said of a change that was asked for: of all of it, or of its lines, those that are not stopped with 0."""
    granted = any(one.answer in ("cancelled", "address_changed") for one in rows)
    told = next((one.words for one in rows if one.words), "")
    return ChangeAnswered(
        key=key,
        number=number,
        source=source,
        granted=granted,
        kind="address" if rows[0].answer.startswith("address") else "cancellation",
        sequence=rows[0].sequence,
        lines=[
            (one.line, one.quantity if one.answer == "cancelled" else 0)
            for one in rows
            if one.line is not None and granted and one.answer in ("cancelled", "not_cancelled")
        ],
        reason=next((reason for word, reason in _REFUSALS if word in told.casefold()), "other"),
        message=told,
    )


def _acknowledged(line: LineName, said: _Said) -> AcknowledgedLine:
    quantity = said.quantity or None
    match said.answer:
        case "accepted":
            return AcknowledgedLine(line=line, answer="accepted", quantity=quantity)
        case "backordered":
            return AcknowledgedLine(line=line, answer="backordered", quantity=quantity, available_on=said.available_on)
        case _:
            return AcknowledgedLine(line=line, answer="rejected", quantity=quantity, reason=said.reason)


def _both(first: AcknowledgedLine, second: AcknowledgedLine) -> AcknowledgedLine:
    """Two rows that say the same of a line, of some units each: what comes on two days is all there on the later one.
    A row that stands twice, or is about all of the line, is one."""
    if first == second or first.quantity is None or second.quantity is None:
        return second
    days = [one.available_on for one in (first, second) if one.available_on is not None]
    return replace(second, quantity=first.quantity + second.quantity, available_on=max(days, default=None))


def _parcel(tracking: str, rows: Sequence[_Said]) -> ParcelTold:
    counts: dict[LineName, int] = {}
    for row in rows:
        if row.line is not None:
            counts[row.line] = counts.get(row.line, 0) + (row.quantity or 0)
    return ParcelTold(
        carrier=next((row.carrier for row in rows if row.carrier), ""),
        tracking_number=tracking,
        lines=list(counts.items()),
        tracking_url=next((row.tracking_url for row in rows if row.tracking_url), ""),
        shipped_at=next((row.shipped_at for row in rows if row.shipped_at), None),
    )


def _units(text: str, what: str) -> int:
    try:
        # Programs write quantities with three decimals; nobody is sent thousands of one article.
        number = read_decimal(text, unclear_mark([text]))
    except NotANumber as error:
        raise _BadRow(f"“{text[:40]}” is no {what}.") from error
    if number != number.to_integral_value() or not Decimal() <= number <= 10**6:
        raise _BadRow(f"“{text[:40]}” is no {what}.")
    return int(number)


def _day(text: str, dates: str) -> date | None:
    """As the supplier writes it, or as ISO 8601; a time after it is left out."""
    if not text:
        return None
    for form in (dates, "%Y-%m-%d"):
        try:
            return datetime.strptime(text.replace("T", " ").split(" ")[0], form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise _BadRow(f"“{text[:40]}” is no date as the template says.")


def _reason(text: str) -> str:
    said = text.casefold()
    return next((reason for part, reason in REASONS if part in said), "other")
