"""What feeds tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUploaded(Event):
    """A file came, or is to be read again with another mapping."""

    topic: ClassVar[str] = "feeds.uploaded"
    supplier_id: UUID
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedApplyWanted(Event):
    """The supplier wants a checked file taken over."""

    topic: ClassVar[str] = "feeds.apply_wanted"
    supplier_id: UUID
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRollbackWanted(Event):
    """The supplier wants undone what a run changed."""

    topic: ClassVar[str] = "feeds.rollback_wanted"
    supplier_id: UUID
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDue(Event):
    """It is time to look at a source."""

    topic: ClassVar[str] = "feeds.due"
    supplier_id: UUID
    source_id: UUID

    @property
    def key(self) -> str:
        return f"feed_source:{self.source_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSourceFailing(Event):
    """A source brings nothing any more; its supplier must know."""

    topic: ClassVar[str] = "feeds.source_failing"
    supplier_id: UUID
    source_id: UUID

    @property
    def key(self) -> str:
        return f"feed_source:{self.source_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMappingNeeded(Event):
    """A file of a source waits for a person to say what its columns are."""

    topic: ClassVar[str] = "feeds.mapping_needed"
    supplier_id: UUID
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFinished(Event):
    """A file has come to its end: ``state`` is APPLIED, FAILED or ROLLED_BACK."""

    topic: ClassVar[str] = "feeds.finished"
    supplier_id: UUID
    run_id: UUID
    state: str

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHeld(Event):
    """A source's file differs so much from what stands that a person must look at it first."""

    topic: ClassVar[str] = "feeds.held"
    supplier_id: UUID
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id
