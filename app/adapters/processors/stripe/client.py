"""The Stripe library's client, and its exceptions in our four words.

Retries are the job's, with the same keys: the client itself makes none (``max_network_retries=0``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import stripe

from app.config import settings
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable

CONNECT_SECONDS = 3
READ_SECONDS = 20
_BUSY_CODES = frozenset({"idempotency_key_in_use", "lock_timeout"})

# The library would write an id into the home folder and report timings.
stripe.enable_telemetry = False


@cache
def _client(secret: str, address: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret,
        base_addresses={"api": address} if address else {},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )


def client() -> stripe.StripeClient:
    """The client of this process. Raises ``CredentialsRefused`` where no key is set."""
    configured = settings()
    if configured.stripe_secret_key is None:
        raise CredentialsRefused("CROSSDOCK_STRIPE_SECRET_KEY is not set")
    return _client(configured.stripe_secret_key.get_secret_value(), configured.stripe_api_url)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the library raises into the four adapter errors. ``CardError`` is an outcome, and passes."""
    try:
        yield
    except stripe.CardError:
        raise
    except stripe.RateLimitError as error:
        raise RateLimited("Stripe asks to slow down", retry_after=2.0) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise CredentialsRefused(f"Stripe refused our key ({error.http_status})") from error
    except stripe.APIConnectionError as error:
        raise Unavailable("Stripe did not answer") from error
    except stripe.IdempotencyError as error:
        raise Rejected("idempotency_mismatch", "The key was used for another request.") from error
    except stripe.InvalidRequestError as error:
        code = _code(error)
        if code in _BUSY_CODES:
            raise Unavailable(f"Stripe is busy with it: {code}") from error
        raise Rejected(code or "invalid_request", str(error.user_message or error)[:300]) from error
    except stripe.StripeError as error:
        # APIError: 5xx, and 409 while the first request with the key is still being worked on.
        raise Unavailable(f"Stripe answered {error.http_status}") from error


def _code(error: stripe.StripeError) -> str:
    """``code`` is empty on some exceptions; the body's own object has it."""
    return str(error.code or getattr(error.error, "code", None) or "")
