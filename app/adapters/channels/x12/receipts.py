"""997: what a machine says of what it was sent. Ours for everything received, and those that partners send of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.adapters.channels.x12.parts import missing_segment
from app.kit.x12 import Group, Problem, Segment, TransactionSet
from app.kit.x12.reading import element
from app.purchasing.answers import ReceiptTold

#: Functional groups (GS01) of what we send.
ORDERS, CHANGES = "PO", "PC"
#: The codes of AK5 (718) and AK9 (716), and AK3 (720) and AK4 (723), in words.
_SET_CODES = {
    "1": "the document is not supported",
    "2": "its trailer is missing",
    "3": "its control numbers differ",
    "4": "its count of segments is wrong",
    "5": "segments have errors",
    "6": "it has no control number",
}
_SEGMENT_CODES = {
    "1": "is not known",
    "2": "is not expected here",
    "3": "is missing",
    "4": "comes too often",
    "5": "comes too often",
    "6": "is not defined",
    "7": "is out of order",
    "8": "has errors in its elements",
}
_ELEMENT_CODES = {
    "1": "is missing",
    "2": "is missing under this condition",
    "3": "is one too many",
    "4": "is too short",
    "5": "is too long",
    "6": "has letters that are not allowed",
    "7": "has a value that is not allowed",
    "8": "is no date",
    "9": "is no time",
    "10": "must not be there",
}


def receipt_of(group: Group, problems: Mapping[int, Sequence[Problem]]) -> dict[str, Any]:
    """What is to be said of a group, as plain values that can be kept until it is sent. ``problems``: of each set that
    is refused, by its place in the group. No content of the document is repeated."""
    return {
        "functional": group.functional,
        "control": group.control,
        "told": group.told if group.told is not None else len(group.sets),
        "problems": list(group.problems),
        "sets": [
            {
                "kind": one.kind,
                "control": one.control,
                "problems": [
                    [problem.code, problem.segment, problem.position, problem.element, problem.element_code]
                    for problem in problems.get(place, ())
                ],
            }
            for place, one in enumerate(group.sets)
        ],
    }


def receipt(kept: Mapping[str, Any]) -> list[Segment]:
    """The segments of a 997 between ST and SE."""
    body: list[Segment] = [["AK1", kept["functional"], kept["control"]]]
    taken = 0
    for one in kept["sets"]:
        body.append(["AK2", one["kind"], one["control"]])
        refused = bool(one["problems"])
        taken += not refused
        codes: list[str] = []
        for code, segment, position, place, element_code in one["problems"]:
            if segment:
                body.append(["AK3", segment, str(position), "", "8" if place else "3"])
                if place:
                    body.append(["AK4", str(place), "", element_code])
            if code not in codes:
                codes.append(code)
        body.append(["AK5", "R", *codes[:5]] if refused else ["AK5", "A"])
    count = len(kept["sets"])
    verdict = "A" if taken == count and not kept["problems"] else "P" if taken else "R"
    if kept["problems"] and taken == count:
        # The documents were taken; what is wrong is their envelope.
        verdict = "E"
    body.append(["AK9", verdict, str(kept["told"]), str(count), str(taken), *kept["problems"][:5]])
    return body


def receipts_told(found: TransactionSet, key: str, source: str) -> list[ReceiptTold]:
    """What a partner's machine says of our messages; nothing of those that it did not get from us as orders. Raises
    ``Refused``."""
    head = next((one for one in found.segments if one[0] == "AK1"), None)
    if head is None:
        raise missing_segment(found, "AK1")
    verdict = next((one for one in found.segments if one[0] == "AK9"), None)
    if verdict is None:
        raise missing_segment(found, "AK9")
    control = element(head, 2).lstrip("0")
    if element(head, 1) not in (ORDERS, CHANGES) or not (control.isascii() and control.isdigit() and len(control) < 10):
        return []
    taken = element(verdict, 1) in ("A", "E")
    return [
        ReceiptTold(
            key=key,
            number="",
            source=source,
            taken=taken,
            sequence=int(control),
            message="" if taken else _why(found),
        )
    ]


def _why(found: TransactionSet) -> str:
    words: list[str] = []
    segment = ""
    for one in found.segments:
        match one[0]:
            case "AK3":
                segment = element(one, 1)
                code = element(one, 4)
                if code != "8":
                    words.append(f"segment {segment} {_SEGMENT_CODES.get(code, 'has an error')}")
            case "AK4":
                place = element(one, 1).partition(">")[0]
                words.append(f"{segment}{place:>02} {_ELEMENT_CODES.get(element(one, 3), 'has an error')}")
            case "AK5" if not words:
                words += [_SET_CODES[code] for code in one[2:] if code in _SET_CODES]
    return "; ".join(words[:10])
