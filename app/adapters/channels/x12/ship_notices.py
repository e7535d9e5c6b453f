"""856: what left, in a tree of shipment, orders, packages and items (HL)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.adapters.channels.x12.parts import (
    Refused,
    bad_element,
    first,
    line_name,
    missing_element,
    missing_segment,
    moment,
    units,
)
from app.kit.x12 import Problem, Segment, TransactionSet
from app.kit.x12.reading import element
from app.purchasing.answers import LineName, ParcelTold, ShipmentTold

#: References (data element 128) that are a carrier's number of a parcel, the surest first.
_TRACKING = ("CN", "2I", "08", "SI", "BM")
#: Marks (88) on a package that are a carrier's number.
_MARKS = ("CP", "CA", "GM")
#: Beginnings of SCACs → our carriers.
_CARRIERS = (
    ("UPS", "ups"),
    ("FDX", "fedex"),
    ("FDE", "fedex"),
    ("FXF", "fedex"),
    ("FEDX", "fedex"),
    ("USPS", "usps"),
    ("DHL", "dhl"),
    ("ODFL", "old_dominion"),
    ("PRLA", "purolator"),
    ("ONTR", "ontrac"),
)
_MOST_DEPTH = 50


@dataclass(slots=True)
class _Node:
    id: str
    parent: str
    level: str
    segments: list[Segment] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)
    above: _Node | None = None

    def up(self) -> Iterator[_Node]:
        """This node and those above it."""
        node: _Node | None = self
        for _step in range(_MOST_DEPTH):
            if node is None:
                return
            yield node
            node = node.above


@dataclass(frozen=True, slots=True)
class _Package:
    number: str
    carrier: str
    tracking: str
    at: datetime | None


def ship_notices(found: TransactionSet, key: str, source: str) -> list[ShipmentTold]:
    """Parcels by purchase order. Raises ``Refused``."""
    head = first(found.segments, "BSN")
    if head is None:
        raise missing_segment(found, "BSN")
    if element(head, 1) in ("01", "03"):
        raise Refused(
            Problem(
                "5", "A notice that cancels another can't be taken over; correct the parcel by hand.", segment="BSN"
            )
        )
    nodes = _tree(found)
    if not any(node.level == "I" for node in nodes):
        raise missing_segment(found, "HL")
    shipped: dict[_Package, list[tuple[LineName, int]]] = defaultdict(list)
    before = next((number for number, one in enumerate(found.segments) if one[0] == "HL"), 0)
    common = found.segments[:before]
    for node in nodes:
        if node.level != "I":
            continue
        for holder, count in _held(found, node):
            shipped[_package(found, holder, common)].append((_name(found, node), count))
    orders: dict[str, list[ParcelTold]] = defaultdict(list)
    for package, lines in shipped.items():
        orders[package.number].append(
            ParcelTold(
                carrier=package.carrier,
                tracking_number=package.tracking,
                shipped_at=package.at,
                lines=_summed(lines),
            )
        )
    return [
        ShipmentTold(key=f"{key}:{number}", number=number, source=source, parcels=parcels)
        for number, parcels in orders.items()
    ]


def _tree(found: TransactionSet) -> list[_Node]:
    nodes: dict[str, _Node] = {}
    inside: list[_Node] = []
    current: _Node | None = None
    for segment in found.segments:
        if segment[0] == "HL":
            current = _Node(element(segment, 1), element(segment, 2), element(segment, 3))
            if not current.id or current.id in nodes:
                raise bad_element(found, segment, 1, "The levels (HL01) are not numbered one by one.")
            nodes[current.id] = current
            inside.append(current)
        elif segment[0] == "CTT":
            current = None
        elif current:
            current.segments.append(segment)
    for node in inside:
        # A level stands below one that came before it, so the tree has no circles.
        above = nodes.get(node.parent)
        if above is not None and inside.index(above) < inside.index(node):
            node.above = above
            above.children.append(node)
    return inside


def _held(found: TransactionSet, item: _Node) -> Iterator[tuple[_Node, int]]:
    """Where units of an item are: in the package above it, or in those below."""
    counted = first(item.segments, "SN1")
    told = units(element(counted, 2)) if counted else None
    if counted and told is None:
        raise bad_element(found, counted, 2, f"“{element(counted, 2)}” is no quantity (SN102).")
    below = [child for child in item.children if child.level in ("P", "T")]
    if not below:
        if counted is None or told is None:
            raise missing_segment(found, "SN1")
        if told:
            yield item, told
        return
    if len(below) == 1 and told:
        yield below[0], told
        return
    for child in below:
        own = first(child.segments, "SN1")
        count = units(element(own, 2)) if own else None
        if not count:
            raise Refused(Problem("5", "The notice does not say how many units are in which package.", segment="SN1"))
        yield child, count


def _name(found: TransactionSet, item: _Node) -> LineName:
    names = first(item.segments, "LIN")
    counted = first(item.segments, "SN1")
    if names is None:
        raise missing_segment(found, "LIN")
    position = element(names, 1) or (element(counted, 1) if counted else "")
    return line_name(position, names[2:])


def _package(found: TransactionSet, holder: _Node, common: Sequence[Segment]) -> _Package:
    number, tracking, carrier, at = "", "", "", None
    for node in holder.up():
        number = number or _order_number(node)
        tracking = tracking or _tracking(node.segments)
        carrier = carrier or _carrier(node.segments)
        at = at or _shipped_at(node.segments)
    at = at or _shipped_at(common)
    if not number:
        reference = first(found.segments, "PRF")
        if reference is None:
            raise missing_segment(found, "PRF")
        raise missing_element(found, reference, 1, "The 856 does not name the purchase order of every item (PRF01).")
    return _Package(number, carrier or _carrier(common), tracking, at)


def _order_number(node: _Node) -> str:
    reference = first(node.segments, "PRF")
    return element(reference, 1) if reference else ""


def _tracking(segments: Sequence[Segment]) -> str:
    marks = {element(one, 1): element(one, 2) for one in segments if one[0] == "MAN"}
    references = {element(one, 1): element(one, 2) for one in segments if one[0] == "REF"}
    found = [marks.get(one) for one in _MARKS[:2]] + [references.get(one) for one in _TRACKING]
    # The number of a pallet or box (SSCC) is a last resort: some carriers take it as theirs.
    found.append(marks.get(_MARKS[2]))
    return next((one for one in found if one), "")


def _carrier(segments: Sequence[Segment]) -> str:
    for segment in segments:
        if segment[0] == "TD5":
            code, routing = element(segment, 3).upper(), element(segment, 5)
            for start, name in _CARRIERS:
                if code.startswith(start):
                    return name
            if routing or code:
                return routing or code
    return ""


def _shipped_at(segments: Sequence[Segment]) -> datetime | None:
    for segment in segments:
        if segment[0] == "DTM" and element(segment, 1) == "011":
            return moment(element(segment, 2), element(segment, 3))
    return None


def _summed(lines: Sequence[tuple[LineName, int]]) -> list[tuple[LineName, int]]:
    counts: dict[LineName, int] = {}
    for name, count in lines:
        counts[name] = counts.get(name, 0) + count
    return list(counts.items())
