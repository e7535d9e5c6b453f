"""Stripe's errors: https://docs.stripe.com/api/errors."""

from __future__ import annotations

from typing import Any


class StripeProblem(Exception):
    """An error as Stripe answers it. ``kept``: it is the outcome of an execution, and a repeated key gets it again."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.body: dict[str, Any] = {"message": message, "type": kind}
        if code:
            self.body |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            self.body["param"] = param
        self.body |= {name: value for name, value in more.items() if value is not None}


def missing(kind: str, object_id: str, param: str = "id") -> StripeProblem:
    """There is no such object."""
    return StripeProblem(404, f"No such {kind}: '{object_id}'", code="resource_missing", param=param)


def refused(message: str, *, code: str | None = None, param: str | None = None, **more: Any) -> StripeProblem:
    """A request that was understood, begun and refused."""
    return StripeProblem(400, message, code=code, param=param, kept=True, **more)
