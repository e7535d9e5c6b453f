"""855: the supplier answers an order, line by line or as a whole; 865: it answers a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from app.adapters.channels.x12.parts import (
    amount,
    bad_element,
    day,
    first,
    line_name,
    missing_element,
    missing_segment,
    units,
)
from app.kit.texts import cut
from app.kit.x12 import Segment, TransactionSet
from app.kit.x12.reading import element
from app.purchasing.answers import AcknowledgedLine, Acknowledgement, ChangeAnswered, LineName

#: Line item status (data element 668) → what it means to us. Those that are not here say nothing yet (on hold).
_ACCEPTED = frozenset({"IA", "IC", "IE", "IP", "IQ", "AC", "AR", "SP", "IX"})
_LATER = frozenset({"IB", "BP", "DR", "B"})
_REJECTED = frozenset({"IR", "ID", "IS", "R"})
#: Acknowledgement types (587) of an order without line answers.
_WHOLE_ACCEPTED = frozenset({"AC", "AD", "AK", "AP", "AT"})
_WHOLE_REJECTED = frozenset({"RD", "RF", "RJ", "RO", "RI"})
#: Of these, the ones that say that the price is another one.
_REPRICED = frozenset({"IP", "IC", "IE"})
#: Units of measure (355) that are one piece.
_SINGLE = ("", "EA", "PC", "UN")
#: Reasons by status, then by words of the messages near the line.
_REASONS = {"ID": "discontinued", "R2": "invalid_item", "R4": "out_of_stock", "R1": "invalid_item"}
_WORDS = (
    ("discontinu", "discontinued"),
    ("obsolete", "discontinued"),
    ("out of stock", "out_of_stock"),
    ("no stock", "out_of_stock"),
    ("not available", "out_of_stock"),
    ("unavailable", "out_of_stock"),
    ("price", "invalid_price"),
    ("address", "undeliverable_address"),
    ("ship method", "invalid_shipping_method"),
    ("carrier", "invalid_shipping_method"),
    ("unknown item", "invalid_item"),
    ("invalid item", "invalid_item"),
    ("invalid sku", "invalid_item"),
)
#: What is written why a change is refused → our reason.
_REFUSALS = (("shipped", "shipped"), ("pack", "packed"), ("pick", "packed"), ("made to order", "made_to_order"))


@dataclass(slots=True)
class _Line:
    name: LineName
    ordered: int | None
    price: Decimal | None
    acks: list[Segment] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def acknowledgement(found: TransactionSet, key: str, source: str) -> Acknowledgement:
    """The answer. Raises ``Refused``."""
    head = first(found.segments, "BAK")
    if head is None:
        raise missing_segment(found, "BAK")
    number = element(head, 3)
    if not number:
        raise missing_element(found, head, 3, "The 855 names no purchase order (BAK03).")
    kind = element(head, 2)
    answered = [line for line in _lines(found) if line.acks]
    reference = element(head, 8)
    whole: Literal["accepted", "rejected"] | None
    if not answered:
        whole = "rejected" if kind in _WHOLE_REJECTED else "accepted" if kind in _WHOLE_ACCEPTED else None
        if whole is None:
            said = kind or "nothing"
            raise bad_element(found, head, 2, f"The 855 says {said} of the order (BAK02), and nothing of its lines.")
        reason = _reason("", _words(found.segments)) if whole == "rejected" else None
        return Acknowledgement(key=key, number=number, source=source, whole=whole, reason=reason, reference=reference)
    said_of_lines = [one for line in answered for one in _answers(found, line)]
    whole = "accepted" if kind in ("AD", "AK") else None
    return Acknowledgement(key=key, number=number, source=source, lines=said_of_lines, whole=whole, reference=reference)


def change_answers(found: TransactionSet, key: str, source: str) -> list[ChangeAnswered]:
    """865: the supplier answers the change that we asked for. Raises ``Refused``."""
    head = first(found.segments, "BCA")
    if head is None:
        raise missing_segment(found, "BCA")
    kind, number = element(head, 2), element(head, 3)
    if not number:
        raise missing_element(found, head, 3, "The 865 names no purchase order (BCA03).")
    if kind not in _WHOLE_ACCEPTED | _WHOLE_REJECTED:
        raise bad_element(found, head, 2, f"The 865 says {kind or 'nothing'} of the change (BCA02).")
    said = cut(_words(found.segments), 200)
    told = element(head, 5)
    sequence = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None
    lines = [one for one in map(_change_answer, _changed(found)) if one is not None]
    granted = kind in _WHOLE_ACCEPTED
    return [
        ChangeAnswered(
            key=key,
            number=number,
            source=source,
            granted=granted,
            kind="cancellation" if lines else None,
            sequence=sequence,
            lines=lines if granted else (),
            reason=_refusal(said),
            message=said,
        )
    ]


def _refusal(words: str) -> str:
    said = words.lower()
    return next((reason for word, reason in _REFUSALS if word in said), "other")


def _changed(found: TransactionSet) -> Iterator[_Line]:
    """The lines (POC) of an 865 that say something of themselves."""
    current: _Line | None = None
    for segment in found.segments:
        if segment[0] == "POC":
            if current and current.acks:
                yield current
            current = _Line(line_name(element(segment, 1), segment[8:]), None, None)
        elif segment[0] == "ACK" and current:
            current.acks.append(segment)
    if current and current.acks:
        yield current


def _change_answer(line: _Line) -> tuple[LineName, int | None] | None:
    """The units of a changed line that are stopped. A status alone is about all that was asked for of the line; the
    quantity counts where a part is accepted and a part refused. None for a line that says nothing yet."""
    accepted = [ack for ack in line.acks if element(ack, 1) in _ACCEPTED | {"ID", "IQ"}]
    refused = [ack for ack in line.acks if element(ack, 1) in _REJECTED - {"ID"} or element(ack, 1)[:1] == "R"]
    if accepted and refused:
        return line.name, units(element(accepted[0], 2)) or 0
    if accepted:
        return line.name, None
    return (line.name, 0) if refused else None


def _lines(found: TransactionSet) -> Iterator[_Line]:
    current: _Line | None = None
    for segment in found.segments:
        match segment[0]:
            case "PO1":
                if current:
                    yield current
                name = line_name(element(segment, 1), segment[6:])
                # A price of a dozen or a case says nothing of a unit's.
                price = amount(element(segment, 4)) or None if element(segment, 3) in _SINGLE else None
                current = _Line(name, units(element(segment, 2)), price)
            case "ACK" if current:
                current.acks.append(segment)
            case "MSG" | "NTE" | "PID" if current and current.acks:
                current.words += segment[1:]
            case "CTT" if current:
                yield current
                current = None
    if current:
        yield current


def _answers(found: TransactionSet, line: _Line) -> Iterator[AcknowledgedLine]:
    """One answer for each thing that is said of the line."""
    # What is said, and of how many units; of an unknown number of them 0.
    said: dict[str, int] = {}
    whole = line.ordered
    reason, available, price, told = "", None, None, False
    for ack in line.acks:
        status = element(ack, 1)
        quantity = units(element(ack, 2)) if element(ack, 2) else whole
        if element(ack, 2) and quantity is None:
            raise bad_element(found, ack, 2, f"“{element(ack, 2)}” is no quantity (ACK02).")
        if status in _REJECTED or (status[:1] == "R" and status[1:].isdigit()):
            meant = "rejected"
            reason = reason or _reason(status, " ".join([*ack[7:], *line.words]))
        elif status in _LATER:
            meant = "backordered"
            # What comes on several days is all there on the last of them.
            available = max(filter(None, (available, day(element(ack, 5)))), default=None)
        elif status in _ACCEPTED:
            meant = "accepted"
            # The price of an order stands in its answer anyhow; only these say that it is another one.
            price = line.price if status in _REPRICED else price
        else:
            continue
        told = True
        if quantity != 0:
            said[meant] = said.get(meant, 0) + (quantity or 0)
    if not told:
        return
    if whole is not None and said.get("accepted") and sum(said.values()) < whole:
        # Fewer come than were ordered, and nothing is said of the rest: it will not come.
        said["rejected"] = whole - said["accepted"] - said.get("backordered", 0)
        reason = reason or "out_of_stock"
    rejected = said.get("rejected")
    if rejected is not None:
        all_of_it = len(said) == 1 and (whole is None or rejected >= whole)
        some = None if all_of_it else rejected or None
        yield AcknowledgedLine(line=line.name, answer="rejected", quantity=some, reason=reason or "other")
    if "backordered" in said:
        some = said["backordered"] or None if "accepted" in said else None
        yield AcknowledgedLine(line=line.name, answer="backordered", quantity=some, available_on=available)
    if "accepted" in said:
        yield AcknowledgedLine(line=line.name, answer="accepted", price=price)


def _reason(status: str, words: str) -> str:
    if status in _REASONS:
        return _REASONS[status]
    said = words.lower()
    return next((reason for word, reason in _WORDS if word in said), "other")


def _words(segments: Sequence[Segment]) -> str:
    return " ".join(word for segment in segments if segment[0] in ("MSG", "NTE") for word in segment[1:])
