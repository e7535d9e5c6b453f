"""What people confirmed of files' columns, kept as versions, and asking again when a header has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import db
from app.feeds.events import FeedMappingNeeded
from app.feeds.models import FeedMapping, FeedRow, FeedRun, FeedSource
from app.feeds.rules.choices import NO_CHOICES, Choices
from app.feeds.rules.drift import Drift, drift, fitted, header_hash
from app.kit import clock
from app.kit.ids import new_id
from app.outbox.service import emit

#: Headers of uploads that are remembered for one supplier.
_MOST_HEADERS = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before a source's file goes on: the ``proposed`` mapping, and what has changed since the
    last confirmed header (None: nothing was confirmed yet)."""

    proposed: Mapping[str, str]
    drift: Drift | None
    choices: Choices = NO_CHOICES


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The templates that may hold for a run. Of a source it is the newest one; of uploads one for each header."""

    of_source: bool
    templates: Sequence[FeedMapping]

    def of(self, columns: Sequence[str]) -> tuple[dict[str, str], Choices] | None:
        """What was confirmed of these columns; None when this header never was."""
        header = header_hash(columns)
        for template in self.templates:
            if template.header == header:
                return fitted(template.mapping, template.columns, columns), Choices.from_json(template.choices)
        return None

    @property
    def record(self) -> str:
        """Where products stand in such files, as a person said it last; nothing where none did."""
        return Choices.from_json(self.templates[0].choices).record if self.templates else ""

    def question(self, columns: Sequence[str], guessed: Mapping[str, str]) -> Question | None:
        """What must be asked before the file goes on; None when all is known, and for uploads, which wait anyway."""
        if not self.of_source or self.of(columns) is not None:
            return None
        if not self.templates:
            return Question(dict(guessed), None)
        newest = self.templates[0]
        changed = drift(newest.columns, newest.mapping, columns, guessed)
        if changed is None:
            return None
        return Question(changed.proposed, changed, Choices.from_json(newest.choices))


def confirmed(session: Session, run_id: UUID) -> Confirmed:
    """What was confirmed before, for a run."""
    run = session.get_one(FeedRun, run_id)
    query = select(FeedMapping).where(FeedMapping.supplier_id == run.supplier_id)
    if run.source_id is not None:
        newest = query.where(FeedMapping.source_id == run.source_id).order_by(FeedMapping.version.desc()).limit(1)
        return Confirmed(True, session.scalars(newest).all())
    uploads = query.where(FeedMapping.source_id.is_(None)).order_by(FeedMapping.version.desc()).limit(_MOST_HEADERS)
    return Confirmed(False, session.scalars(uploads).all())


def ask(session: Session, run_id: UUID, detected: Mapping[str, Any], question: Question) -> None:
    """The run waits until a person has said what its columns are."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state != "CHECKING":
        return
    session.execute(delete(FeedRow).where(FeedRow.run_id == run_id))
    choices = replace(question.choices, record=Choices.from_json(detected.get("choices")).record)
    asked = question.drift.to_json() if question.drift else None
    still = {"kind_open": True} if "kind_open" in run.detected else {}
    run.detected = {**detected, **still, "drift": asked, "choices": choices.to_json()}
    run.mapping, run.counts, run.error = dict(question.proposed), {}, None
    run.state = "NEEDS_MAPPING"
    emit(session, FeedMappingNeeded(supplier_id=run.supplier_id, run_id=run.id))


def keep_template(session: Session, run: FeedRun) -> None:
    """A person has confirmed the run's mapping: keep it as the next version, unless it is the newest already."""
    columns = [str(column["column"]) for column in run.detected.get("columns", [])]
    if not columns or not run.mapping:
        return
    if run.source_id is not None:
        # Versions of one source are counted one after another.
        session.scalars(select(FeedSource.id).where(FeedSource.id == run.source_id).with_for_update()).one()
    of = FeedMapping.source_id == run.source_id if run.source_id is not None else FeedMapping.source_id.is_(None)
    newest = session.scalar(
        select(FeedMapping)
        .where(FeedMapping.supplier_id == run.supplier_id, of)
        .order_by(FeedMapping.version.desc())
        .limit(1)
    )
    header = header_hash(columns)
    same = session.scalar(
        select(FeedMapping)
        .where(FeedMapping.supplier_id == run.supplier_id, of, FeedMapping.header == header)
        .order_by(FeedMapping.version.desc())
        .limit(1)
    )
    current = newest if run.source_id is not None else same
    known = fitted(current.mapping, current.columns, columns) if current and current.header == header else None
    choices = Choices.from_json(run.detected.get("choices"))
    if known == run.mapping and current is not None and Choices.from_json(current.choices) == choices:
        return
    session.add(
        FeedMapping(
            id=new_id(),
            supplier_id=run.supplier_id,
            source_id=run.source_id,
            version=newest.version + 1 if newest is not None else 1,
            header=header,
            columns=columns,
            mapping=dict(run.mapping),
            choices=choices.to_json(),
            created_by=db.current_scope().actor,
            created_at=clock.now(),
        )
    )
    session.flush()


def mapping_question(run: FeedRun) -> str:
    """What the notice of a run's question is known by: one for a source, however many files ask."""
    return f"feed_mapping:{run.source_id or run.id}"
