"""Id tokens (JWTs for the staff member in the admin) and the signed addresses that open the app.

https://shopify.dev/docs/apps/build/authentication-authorization/session-tokens
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import jwt

from tests.simulators.shopify.clock import Clock
from tests.simulators.shopify.config import SimulatorConfig

#: The staff member who uses the admin unless another is named.
STAFF_MEMBER = 902541635
LIFETIME_SECONDS = 60


def mint(config: SimulatorConfig, clock: Clock, domain: str, *, user: int, wishes: Mapping[str, object]) -> str:
    """An id token. ``wishes`` overrule its claims, or how it is signed (``alg``, ``secret``)."""
    now = int(clock.now().timestamp())
    lifetime = int(str(wishes.get("expires_in", LIFETIME_SECONDS)))
    claims = {
        "iss": wishes.get("iss", f"https://{domain}/admin"),
        "dest": wishes.get("dest", f"https://{domain}"),
        "aud": wishes.get("aud", config.client_id),
        "sub": str(user),
        "exp": now + lifetime,
        "nbf": wishes.get("nbf", min(now, now + lifetime)),
        "iat": min(now, now + lifetime),
        "jti": str(uuid.uuid4()),
        "sid": hashlib.sha256(f"{domain}/{user}".encode()).hexdigest(),
    }
    algorithm = str(wishes.get("alg", "HS256"))
    secret = "" if algorithm == "none" else str(wishes.get("secret", config.client_secret))
    return jwt.encode(claims, secret, algorithm=algorithm)


def host_of(handle: str) -> str:
    """The ``host`` parameter: the admin's address of the shop, in base64 without padding."""
    return base64.b64encode(f"admin.shopify.com/store/{handle}".encode()).decode().rstrip("=")


def launch_url(config: SimulatorConfig, clock: Clock, domain: str, path: str, extra: Mapping[str, str]) -> str:
    """The address that the admin's frame opens: parameters signed with ``hmac``, and an id token."""
    path, _, own = path.partition("?")
    parameters = {
        **dict(parse_qsl(own)),
        **extra,
        "embedded": "1",
        "host": host_of(domain.removesuffix(".myshopify.com")),
        "id_token": mint(config, clock, domain, user=STAFF_MEMBER, wishes={}),
        "locale": "en",
        "session": hashlib.sha256(f"{domain}/{STAFF_MEMBER}".encode()).hexdigest(),
        "shop": domain,
        "timestamp": str(int(clock.now().timestamp())),
    }
    message = "&".join(f"{key}={_escaped(parameters[key])}" for key in sorted(parameters))
    signature = hmac.new(config.client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"{config.app_url.rstrip('/')}{path}?{urlencode({**parameters, 'hmac': signature})}"


def _escaped(value: str) -> str:
    return value.replace("%", "%25").replace("&", "%26")
