"""Changes of returns. None of them commits."""

from app.returns.service.crediting import (
    credit,
    credit_memo,
    credit_without_return,
    note_booked,
    note_refund_failed,
    note_refunded,
)
from app.returns.service.deciding import approve, decline, receive, send_back, send_label
from app.returns.service.ending import end_wait
from app.returns.service.exchanging import exchange
from app.returns.service.filing import KeptFile, add_file, forget_file, keep_file, read_file
from app.returns.service.inspecting import Finding, inspect
from app.returns.service.labelling import RETURNS
from app.returns.service.requesting import cancel_return, request_return

__all__ = [
    "RETURNS",
    "Finding",
    "KeptFile",
    "add_file",
    "approve",
    "cancel_return",
    "credit",
    "credit_memo",
    "credit_without_return",
    "decline",
    "end_wait",
    "exchange",
    "forget_file",
    "inspect",
    "keep_file",
    "note_booked",
    "note_refund_failed",
    "note_refunded",
    "read_file",
    "receive",
    "request_return",
    "send_back",
    "send_label",
]
