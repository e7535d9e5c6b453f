"""The Stripe library's client, and its exceptions in our four words.

Retries are the job's, with the same keys: the client itself makes none (``max_network_retries=0``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import stripe

from app.adapters._http import retry_after
from app.config import settings
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable

CONNECT_SECONDS = 3
READ_SECONDS = 20
#: Seconds to wait where Stripe does not say how long.
_PAUSE = 2.0

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
    """Turn what the library raises into the four adapter errors. ``code`` is often missing on its exceptions, so
    that the body's own error is read."""
    try:
        yield
    except stripe.RateLimitError as error:
        wait = retry_after(error.headers or {}, default=_PAUSE)
        raise RateLimited("Stripe asks to slow down", retry_after=wait) from error
    except stripe.PermissionError as error:
        # A supplier's account that was closed or cut off is its own trouble, not our key's.
        if error_code(error) == "account_invalid":
            raise Rejected("account_invalid", "The account can't be used from here.") from error
        raise CredentialsRefused("Stripe refused what our key asked for (403)") from error
    except stripe.AuthenticationError as error:
        raise CredentialsRefused("Stripe refused our key (401)") from error
    except stripe.APIConnectionError as error:
        raise Unavailable("Stripe did not answer") from error
    except stripe.IdempotencyError as error:
        raise Rejected("idempotency_mismatch", "The key was used for another request.") from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise Rejected(
            error_code(error) or "invalid_request",
            str(error.user_message or "no reason given")[:300],
            details={"param": str(error.param or "")},
        ) from error
    except stripe.StripeError as error:
        # 5xx, an answer that can't be read, and 409 while the first request with the key is still being worked on.
        status = error.http_status or 500
        if status in (408, 409) or not 400 <= status < 500:
            raise Unavailable(f"Stripe answered {status}") from error
        raise Rejected(error_code(error) or "invalid_request", str(error.user_message)[:300]) from error


def error_code(error: stripe.StripeError) -> str:
    """Stripe's word for what is wrong; empty where it has none."""
    return str(error.code or getattr(error.error, "code", None) or "")
