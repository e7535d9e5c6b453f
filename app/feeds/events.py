"""What feeds tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfSupplier


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUploaded(OfSupplier):
    """A file came, or is to be read again with another mapping."""

    topic: ClassVar[str] = "feeds.uploaded"
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedApplyWanted(OfSupplier):
    """The supplier wants a checked file taken over."""

    topic: ClassVar[str] = "feeds.apply_wanted"
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRollbackWanted(OfSupplier):
    """The supplier wants undone what a run changed."""

    topic: ClassVar[str] = "feeds.rollback_wanted"
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDue(OfSupplier):
    """It is time to look at a source."""

    topic: ClassVar[str] = "feeds.due"
    source_id: UUID

    @property
    def key(self) -> str:
        return f"feed_source:{self.source_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSourceFailing(OfSupplier):
    """A source brings nothing any more; its supplier must know."""

    topic: ClassVar[str] = "feeds.source_failing"
    source_id: UUID

    @property
    def key(self) -> str:
        return f"feed_source:{self.source_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMappingNeeded(OfSupplier):
    """A file of a source waits for a person to say what its columns are."""

    topic: ClassVar[str] = "feeds.mapping_needed"
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFinished(OfSupplier):
    """A file has come to its end: ``state`` is APPLIED, FAILED or ROLLED_BACK."""

    topic: ClassVar[str] = "feeds.finished"
    run_id: UUID
    state: str

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHeld(OfSupplier):
    """A source's file differs so much from what stands that a person must look at it first."""

    topic: ClassVar[str] = "feeds.held"
    run_id: UUID

    @property
    def key(self) -> str:
        return f"feed_run:{self.run_id}"
