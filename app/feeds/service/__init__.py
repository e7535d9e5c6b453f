"""Changes of feeds: sources are looked at; a file is received, checked, and taken over or discarded."""

from app.feeds.service.applying import (
    Batch,
    NoLongerWanted,
    apply_batch,
    finish_applying,
    plan_batches,
    prepare_batch,
    waits_for_older,
)
from app.feeds.service.checking import CheckPlan, Counts, fail, finish_checking, note_progress, plan_check, store_rows
from app.feeds.service.fetching import (
    FetchPlan,
    NewFile,
    note_failed,
    note_test,
    note_test_failed,
    note_unchanged,
    plan_fetch,
    put_due_to_work,
    take_file,
)
from app.feeds.service.forgetting import forget_old_runs
from app.feeds.service.guarding import change_limits, held_question, limits_of
from app.feeds.service.marking import holding_marks
from app.feeds.service.missing import change_policy, note_missing, runs_to_look_at, settle_missing
from app.feeds.service.receiving import cancel, change_mapping, discard, keep_file, receive_upload, want_applied
from app.feeds.service.returning import bring_back
from app.feeds.service.rolling_back import finish_rolling_back, undo_batch, want_rolled_back
from app.feeds.service.same_rows import confirm_same, plan_same, set_same, store_same
from app.feeds.service.sources import (
    SourceSpec,
    access_of,
    add_source,
    change_source,
    fetch_now,
    forget_host_key,
    own_source,
    pause_source,
    remove_source,
    trouble,
)
from app.feeds.service.templates import Confirmed, Question, ask, confirmed, mapping_question

__all__ = [
    "Batch",
    "CheckPlan",
    "Confirmed",
    "Counts",
    "FetchPlan",
    "NewFile",
    "NoLongerWanted",
    "Question",
    "SourceSpec",
    "access_of",
    "add_source",
    "apply_batch",
    "ask",
    "bring_back",
    "cancel",
    "change_limits",
    "change_mapping",
    "change_policy",
    "change_source",
    "confirm_same",
    "confirmed",
    "discard",
    "fail",
    "fetch_now",
    "finish_applying",
    "finish_checking",
    "finish_rolling_back",
    "forget_host_key",
    "forget_old_runs",
    "held_question",
    "holding_marks",
    "keep_file",
    "limits_of",
    "mapping_question",
    "note_failed",
    "note_missing",
    "note_progress",
    "note_test",
    "note_test_failed",
    "note_unchanged",
    "own_source",
    "pause_source",
    "plan_batches",
    "plan_check",
    "plan_fetch",
    "plan_same",
    "prepare_batch",
    "put_due_to_work",
    "receive_upload",
    "remove_source",
    "runs_to_look_at",
    "set_same",
    "settle_missing",
    "store_rows",
    "store_same",
    "take_file",
    "trouble",
    "undo_batch",
    "waits_for_older",
    "want_applied",
    "want_rolled_back",
]
