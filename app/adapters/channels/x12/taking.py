"""A received file: its envelope checked, each document turned into answers, and what its sender is told in 997s."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.adapters.channels.x12.acknowledgements import acknowledgement, change_answers
from app.adapters.channels.x12.invoices import invoices
from app.adapters.channels.x12.parts import Refused
from app.adapters.channels.x12.receipts import receipt_of, receipts_told
from app.adapters.channels.x12.ship_notices import ship_notices
from app.kit import x12
from app.kit.x12 import Group, Interchange, Partner, Problem, TransactionSet
from app.purchasing.answers import Answer, Unreadable

#: The group (GS01) that each document belongs to.
_GROUPS = {"855": "PR", "856": "SH", "865": "CA", "810": "IN", "997": "FA"}


@dataclass(slots=True)
class Taken:
    """What became of a file. ``receipts`` are as ``receipts.receipt_of`` makes them."""

    answers: list[Answer] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    #: Nothing in it is between us and this partner.
    foreign: bool = False


def take(name: str, content: bytes, partner: Partner, currency: str) -> Taken:
    """Read a file of a partner. ``partner`` is as we write to it. Whatever the bytes are, they end in values or in
    something that is told as unreadable."""
    taken = Taken()
    digest = hashlib.sha256(content).hexdigest()[:16]
    try:
        interchanges = x12.read(content)
    except x12.NotX12 as error:
        taken.unreadable.append(Unreadable(key=f"x12:{name}:{digest}", source=name, problem=str(error)))
        return taken
    taken.foreign = bool(interchanges) and all(_others(one, partner) for one in interchanges)
    for interchange in interchanges:
        foreign = _foreign(interchange, partner)
        if foreign:
            taken.unreadable.append(Unreadable(key=f"x12:{name}:{digest}", source=name, problem=foreign))
            continue
        for group in interchange.groups:
            _take_group(taken, name, interchange, group, currency)
        if not interchange.groups:
            problem = "; ".join(interchange.problems) or "The interchange is empty."
            taken.unreadable.append(Unreadable(key=f"x12:{name}:{digest}", source=name, problem=problem))
    return taken


def _foreign(interchange: Interchange, partner: Partner) -> str:
    """Why the interchange is not one between us and this partner; empty when it is."""
    if interchange.receiver != partner.sender:
        return f"The interchange is for “{interchange.receiver}”, not for “{partner.sender}” (ISA08)."
    if interchange.sender != partner.receiver:
        return f"The interchange is from “{interchange.sender}”, not from “{partner.receiver}” (ISA06)."
    if interchange.test != partner.test:
        kind = "a test" if interchange.test else "a real one"
        return f"The interchange is {kind} (ISA15); that is not what the settings say."
    return ""


def _others(interchange: Interchange, partner: Partner) -> bool:
    return (interchange.receiver, interchange.sender) != (partner.sender, partner.receiver)


def _take_group(taken: Taken, name: str, interchange: Interchange, group: Group, currency: str) -> None:
    problems: dict[int, Sequence[Problem]] = {}
    numbers: set[str] = set()
    for place, found in enumerate(group.sets):
        key = ":".join(("x12", interchange.sender, interchange.control, group.control, found.kind, found.control))
        reasons = list(found.problems)
        if _GROUPS.get(found.kind) != group.functional:
            reasons.insert(
                0, Problem("1", f"Documents of the kind {found.kind} are not taken in a group {group.functional}.")
            )
        elif found.control in numbers:
            reasons.append(Problem("3", "Two documents of a group have the same control number."))
        answers: Sequence[Answer] = ()
        if not reasons:
            try:
                answers = _reader(found, key, name, currency)()
            except Refused as refused:
                reasons.append(refused.problem)
        numbers.add(found.control)
        if reasons:
            problems[place] = reasons
            words = " ".join(problem.words for problem in reasons)
            taken.unreadable.append(
                Unreadable(key=key, source=name, problem=f"Document {found.kind} {found.control}: {words}")
            )
        taken.answers += answers
    if group.functional != "FA":
        # A receipt is never answered with a receipt.
        taken.receipts.append(receipt_of(group, problems))


def _reader(found: TransactionSet, key: str, name: str, currency: str) -> Callable[[], Sequence[Answer]]:
    match found.kind:
        case "855":
            return lambda: [acknowledgement(found, key, name)]
        case "865":
            return lambda: change_answers(found, key, name)
        case "856":
            return lambda: ship_notices(found, key, name)
        case "810":
            return lambda: invoices(found, key, name, currency)
        case _:
            return lambda: receipts_told(found, key, name)
