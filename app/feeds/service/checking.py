"""Keeping what was understood of a file, beside what the catalogue says today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, any_, bindparam, delete, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.catalog.models import SupplierProduct, SupplierVariant
from app.db import add_values, table_of
from app.feeds.events import FeedApplyWanted, FeedFinished, FeedHeld
from app.feeds.missing import plan_missing
from app.feeds.models import FeedNew, FeedRow, FeedRun, FeedSame
from app.feeds.rules.choices import NO_CHOICES, Choices
from app.feeds.rules.fields import untold
from app.feeds.rules.records import Problem, ReadProduct, ReadRow
from app.feeds.service.guarding import held_back, held_question
from app.feeds.service.known_lines import earlier_file
from app.feeds.service.new_rows import part_with_others, store_new
from app.inventory.models import StockRule
from app.inventory.queries import own_count
from app.inventory.rules import STOCK_CHOICES
from app.notifications.service import resolve
from app.outbox.service import emit
from app.suppliers.models import Supplier

#: Field of a record → the variant's column.
_VARIANT_FIELDS = {
    "cost": "wholesale_price",
    "msrp": "msrp",
    "map": "map_price",
    "tiers": "price_tiers",
    "gtin": "gtin",
    "weight_grams": "weight_grams",
    "options": "options",
}
_PRODUCT_FIELDS = {"title": "title", "description": "description", "brand": "brand", "status": "status", "tags": "tags"}
_LONGEST_SHOWN = 200
#: What is done with rows that are taken over.
ACCEPTED = ("new", "changed", "unchanged")
#: The long texts of a product, which most files repeat with each variant.
_REPEATED = frozenset({"description", "images"})
#: What is kept of a row, in the order of ``store_rows``; the same for most: no change and no problem.
_KEPT = ("run_id", "row", "supplier_id", "handle", "sku", "action", "record", "changes", "problems", "mark")
#: What of ``detected`` stays when a file is read anew in the middle of its way.
_DECIDED = ("anew", "held", "keep_missing")
_NOTHING: dict[str, Any] = {}
_FINE: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """What a check needs to know: the file, the adapter that reads it, the mapping that a person chose (empty:
    recognise it), and the supplier's currency. ``anew``: another file came between its check and its being taken over,
    so nothing of it is passed over. ``kind_open``: nobody said which kind it is; what is read of it shows it.
    ``earlier_key``: the file that the same origin sent before, if any."""

    run_id: UUID
    supplier_id: UUID
    file_key: str
    feed: str
    mapping: Mapping[str, str]
    currency: str
    kind: str = "full"
    choices: Choices = NO_CHOICES
    size_bytes: int = 1
    anew: bool = False
    kind_open: bool = False
    earlier_key: str = ""


@dataclass(slots=True)
class Counts:
    """What a file holds, counted while it is read."""

    actions: Counter[str] = field(default_factory=Counter)
    warnings: int = 0
    handles: set[str] = field(default_factory=set)

    def add(self, more: Counts) -> None:
        """Count what others counted."""
        self.actions.update(more.actions)
        self.warnings += more.warnings
        self.handles |= more.handles

    def to_bytes(self) -> bytes:
        """For another process that counts the rest."""
        return orjson.dumps([self.actions, self.warnings, list(self.handles)])

    @classmethod
    def from_bytes(cls, told: bytes) -> Counts:
        """What another process has counted."""
        actions, warnings, handles = orjson.loads(told)
        return cls(Counter(actions), warnings, set(handles))

    def to_json(self) -> dict[str, int]:
        """As the run keeps them."""
        accepted = self.actions["new"] + self.actions["changed"] + self.actions["unchanged"]
        return {
            "rows": sum(self.actions.values()),
            "products": len(self.handles),
            "variants": accepted,
            **{name: self.actions[name] for name in ("new", "changed", "unchanged", "merged", "rejected")},
            "warnings": self.warnings,
        }


def plan_check(session: Session, run_id: UUID) -> CheckPlan | None:
    """Begin (again): what an interrupted check left behind is removed. None when it is no longer wanted."""
    run = session.scalar(select(FeedRun).where(FeedRun.id == run_id).with_for_update())
    if run is None or run.state != "CHECKING":
        return None
    _forget_rows(session, run_id)
    currency = session.scalars(select(Supplier.currency).where(Supplier.id == run.supplier_id)).one()
    chosen = Choices.from_json(run.detected.get("choices"))
    return CheckPlan(
        run.id,
        run.supplier_id,
        run.file_key,
        run.feed,
        run.mapping,
        currency,
        run.kind,
        chosen,
        run.size_bytes,
        anew="anew" in run.detected,
        kind_open="kind_open" in run.detected,
        earlier_key=earlier_file(session, run),
    )


def store_rows(
    session: Session, plan: CheckPlan, read: Sequence[ReadRow | ReadProduct], counts: Counts, *, told: Iterable[str]
) -> None:
    """Keep a batch: products that are new together, of others each row with what it would change. ``told``: the fields
    that the file has columns for."""
    if not read:
        return
    silent = untold(told)
    products = [one for one in read if isinstance(one, ReadProduct)]
    rows = [one for one in read if isinstance(one, ReadRow)]
    skus = [row.sku for row in rows if row.action == "accepted"]
    known = _known(session, plan.supplier_id, [*skus, *chain.from_iterable(one.skus for one in products)])
    run_id, supplier_id = plan.run_id, plan.supplier_id
    others, made = store_new(session, run_id, supplier_id, products, known)
    counts.actions["new"] += sum(len(one.rows) for one in products) - sum(len(one.rows) for one in others)
    counts.handles.update(made)
    if others:
        rows = sorted([*rows, *chain.from_iterable(one.as_rows() for one in others)], key=lambda row: row.row)
    kept = []
    above: ReadRow | None = None
    #: Products whose texts were told: what rows below say otherwise is not taken over, also where others stand between.
    texts_of: set[str] = set()
    for row in rows:
        action, changes = row.action, _NOTHING
        if action == "accepted":
            variant = known.get(row.sku)
        if action == "accepted" and variant is None and plan.kind == "stock_price":
            action = "rejected"
            row.problems.append(
                Problem("sku", "unknown_sku", "None of your products has this SKU. Send the whole catalogue first.")
            )
        elif action == "accepted":
            changes = (
                _changes(row, variant, silent, texts=row.handle not in texts_of) if variant is not None else _NOTHING
            )
            action = "new" if variant is None else "changed" if changes else "unchanged"
            counts.handles.add(row.handle)
            if row.record.get("title"):
                texts_of.add(row.handle)
        counts.actions[action] += 1
        problems: list[dict[str, Any]] = _FINE
        if row.problems:
            problems = [problem.to_json() for problem in row.problems]
            counts.warnings += sum(problem.warning for problem in row.problems)
        record = row.record if above is None else _without_repeated(row, above)
        kept.append((run_id, row.row, supplier_id, row.handle, row.sku, action, record, changes, problems, row.mark))
        above = row if action in ACCEPTED else None
    add_values(session, FeedRow, _KEPT, kept)


def is_wanted(session: Session, run_id: UUID) -> bool:
    """Whether anybody still wants a file that is being checked."""
    return session.scalar(select(FeedRun.state).where(FeedRun.id == run_id)) == "CHECKING"


def note_progress(session: Session, run_id: UUID, counts: Counts, at: int, of: int, *, elsewhere: int = 0) -> bool:
    """How far the reading of a file is: ``at`` of ``of`` bytes, and the rows counted here and ``elsewhere``. False when
    nobody wants the file any more."""
    read = sum(counts.actions.values()) + elsewhere
    done = session.execute(
        update(FeedRun)
        .where(FeedRun.id == run_id, FeedRun.state == "CHECKING")
        .values(counts={"read": read, "at": min(at, of), "of": of})
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def finish_checking(
    session: Session, plan: CheckPlan, detected: Mapping[str, Any], mapping: Mapping[str, str], counts: Counts
) -> None:
    """The file can be looked at and decided on."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == plan.run_id).with_for_update()).one()
    if run.state != "CHECKING":
        return
    part_with_others(session, run.id)
    stays = {name: run.detected[name] for name in _DECIDED if name in run.detected} if plan.anew else {}
    if plan.kind_open:
        run.kind, stays["kind_open"] = detected["kind"], True
    # A person has said already that it is to be taken over.
    decided = plan.anew and (run.source_id is None or "held" in stays)
    run.detected, run.mapping, run.counts = {**detected, **stays}, dict(mapping), counts.to_json()
    run.error = None if run.counts["variants"] else "No row of the file can be taken over."
    run.state = "READY" if run.counts["variants"] else "FAILED"
    if run.state == "FAILED":
        emit(session, FeedFinished(supplier_id=run.supplier_id, run_id=run.id, state=run.state))
    missing = _note_gone(session, run) if run.state == "READY" and run.kind == "full" else (0, 0)
    if run.state == "READY" and run.source_id is not None and is_overtaken(session, run):
        run.state, run.error = "DISCARDED", "A newer file of the source came."
    elif run.state == "READY":
        reasons = [] if decided else held_back(session, run, missing)
        if reasons:
            run.state, run.detected = "QUARANTINED", {**run.detected, "held": reasons}
            emit(session, FeedHeld(supplier_id=run.supplier_id, run_id=run.id))
            return
        if run.source_id is None and not decided:
            return
        # What its columns are was confirmed before; nobody is waited for, unless the file looks like a mistake.
        resolve(session, run.supplier_id, held_question(run))
        run.state = "APPLYING"
        emit(session, FeedApplyWanted(supplier_id=run.supplier_id, run_id=run.id))


def _note_gone(session: Session, run: FeedRun) -> tuple[int, int]:
    """Keep what the file no longer names. Returns how many SKUs something would become of, and how many there are."""
    planned, brought = plan_missing(session, run)
    if planned["gone"]:
        run.detected = {**run.detected, "missing": planned}
        run.counts = {**run.counts, "missing": planned["gone"]}
    return planned["due"], brought


def is_overtaken(session: Session, run: FeedRun) -> bool:
    """Whether a newer file of the same source is, or was, taken over already."""
    newer = select(FeedRun.id).where(
        FeedRun.source_id == run.source_id, FeedRun.id > run.id, FeedRun.state.in_(("APPLYING", "APPLIED"))
    )
    return session.scalar(newer.limit(1)) is not None


def fail(session: Session, run_id: UUID, message: str, detected: Mapping[str, Any] | None = None) -> None:
    """The file can't be read as a whole; nothing of it is kept but what was found out of its columns."""
    _forget_rows(session, run_id)
    run = session.scalar(select(FeedRun).where(FeedRun.id == run_id).with_for_update())
    if run is not None and run.state == "CHECKING":
        run.state, run.error, run.counts = "FAILED", message, {}
        if detected is not None:
            run.detected = {**detected, **({"kind_open": True} if "kind_open" in run.detected else {})}
        emit(session, FeedFinished(supplier_id=run.supplier_id, run_id=run.id, state=run.state))


def _forget_rows(session: Session, run_id: UUID) -> None:
    for kept in (FeedRow, FeedSame, FeedNew):
        session.execute(delete(kept).where(kept.run_id == run_id))


_COUNT = own_count().lateral("counted")
_KNOWN = (
    select(
        _COUNT.c.units,
        *(table_of(SupplierVariant).c[name] for name in ("id", "sku", *_VARIANT_FIELDS.values())),
        *(table_of(SupplierProduct).c[name] for name in _PRODUCT_FIELDS.values()),
        *(table_of(StockRule).c[name] for name in STOCK_CHOICES),
    )
    .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
    .outerjoin(StockRule, StockRule.variant_id == SupplierVariant.id)
    .join(_COUNT, true())
    .where(
        SupplierVariant.supplier_id == bindparam("supplier"),
        SupplierVariant.sku == any_(bindparam("skus", type_=ARRAY(Text))),
    )
)


def _known(session: Session, supplier_id: UUID, skus: Sequence[str]) -> dict[str, Row[Any]]:
    """Variants by SKU, each with what its product says and the units that the supplier would count."""
    found = session.connection().execute(_KNOWN, {"supplier": supplier_id, "skus": skus})
    return {row.sku: row for row in found}


def _changes(row: ReadRow, known: Row[Any], silent: Collection[str], *, texts: bool) -> dict[str, list[Any]]:
    """Field → [today, in the file], for what differs; what the file says nothing about (``silent``) stays. ``texts``:
    those of its product are this row's."""
    changes: dict[str, list[Any]] = {}
    record = row.record
    for name, column in _VARIANT_FIELDS.items():
        if name in record and column not in silent:
            today, new = getattr(known, column), record[name]
            if today != new:
                changes[name] = [today, new]
    # A product's later rows may leave its texts out.
    if texts and record.get("title"):
        for name, column in _PRODUCT_FIELDS.items():
            new = record.get(name)
            if new and column not in silent:
                today = getattr(known, column)
                if today != new:
                    changes[name] = [_short(today), _short(new)]
    for name in STOCK_CHOICES:
        if name in record and record[name] != getattr(known, name):
            changes[name] = [getattr(known, name), record[name]]
    if "stock" in record and record["stock"] != known.units:
        changes["stock"] = [known.units, record["stock"]]
    return changes


def _without_repeated(row: ReadRow, above: ReadRow) -> dict[str, Any]:
    """A record without what the accepted row above says of the same product in the same words: taking the product over
    finds it there."""
    if row.handle != above.handle or not above.record.get("title"):
        return row.record
    record = row.record.copy()
    for name in _REPEATED:
        if name in record and record[name] == above.record.get(name):
            del record[name]
    return record


def _short(value: Any) -> Any:
    return value[:_LONGEST_SHOWN] if isinstance(value, str) else value
