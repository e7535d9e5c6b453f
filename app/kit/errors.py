"""The errors that cross package borders.

::

    AppError                     a rule of ours was broken; carries an HTTP status and a stable code
    ├── NotFound            404  absent, or another tenant's: the two are never told apart
    ├── Invalid             422  the input breaks a rule; names the field
    ├── Conflict            409  the input is fine but the state of things forbids it
    ├── Forbidden           403  signed in, but the role or key lacks the permission
    ├── Unauthenticated     401  no valid credentials
    └── TooMany             429  slow down; carries seconds to wait

    AdapterError                 an outside party failed us
    ├── Unavailable              no answer, a timeout or a 5xx: the outcome may be unknown
    │   └── NothingSent          no answer, and it is known that nothing was handed over
    ├── RateLimited              refused for pace; carries seconds to wait
    ├── Rejected                 understood and refused; trying the same again is useless
    └── CredentialsRefused       our access was revoked or has run out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One broken rule: ``field`` is a path such as ``lines[0].quantity``, ``code`` is stable."""

    field: str
    code: str
    message: str


class AppError(Exception):
    """A rule of ours was broken. ``str(error)`` is safe to show to the person who caused it."""

    status = 400
    code = "bad_request"
    title = "The request can't be carried out"

    def __init__(self, detail: str, *, code: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code
        self.errors = tuple(errors)


class NotFound(AppError):
    """The thing does not exist for the one who asks: absent and foreign look the same."""

    status = 404
    code = "not_found"
    title = "Not found"

    def __init__(self, what: str = "resource", *, code: str | None = None) -> None:
        super().__init__(f"No such {what}.", code=code)


class Invalid(AppError):
    """The input breaks a rule."""

    status = 422
    code = "invalid"
    title = "Some of the input is not valid"

    @classmethod
    def field(cls, field: str, code: str, message: str) -> Invalid:
        """One broken field."""
        return cls(message, errors=[FieldError(field, code, message)])


class Conflict(AppError):
    """The input is fine, but the state of things forbids it."""

    status = 409
    code = "conflict"
    title = "This can't be done in the present state"


class Forbidden(AppError):
    """Signed in, but not allowed."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class Unauthenticated(AppError):
    """No valid credentials came with the request."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first"


class TooMany(AppError):
    """Too fast. ``retry_after`` is in seconds."""

    status = 429
    code = "rate_limited"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class AdapterError(Exception):
    """An outside party failed us. The text is ours, without personal data and secrets, but for ``Rejected``."""


class Unavailable(AdapterError):
    """No answer, a timeout or a server fault. For a call that changes something the outcome is unknown:
    probe before sending again."""


class NothingSent(Unavailable):
    """The other side can't be reached, and it is known that nothing was handed over: the same may be tried again."""


class RateLimited(AdapterError):
    """Refused for pace. ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(AdapterError):
    """Understood and refused. ``code`` is the other side's own code where it gives one, ``message`` its words: they are
    for those whom the object concerns, and may hold what they sent. Neither tasks nor logs keep them."""

    def __init__(self, code: str, message: str, *, details: dict[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details or {}


class CredentialsRefused(AdapterError):
    """Our access was revoked or has run out; a person must connect again."""
