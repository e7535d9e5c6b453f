"""Changes of feed runs: a file is received, checked, and taken over or discarded."""

from app.feeds.service.applying import apply_batch, finish_applying
from app.feeds.service.checking import CheckPlan, Counts, fail, finish_checking, plan_check, store_rows
from app.feeds.service.receiving import change_mapping, discard, keep_file, receive_upload, want_applied

__all__ = [
    "CheckPlan",
    "Counts",
    "apply_batch",
    "change_mapping",
    "discard",
    "fail",
    "finish_applying",
    "finish_checking",
    "keep_file",
    "plan_check",
    "receive_upload",
    "store_rows",
    "want_applied",
]
