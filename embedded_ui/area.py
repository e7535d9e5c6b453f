"""The retailer's pages in their two places: inside Shopify's admin, and standalone for everybody else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, g, redirect, render_template, request

from app.adapters.stores.shopify.embedding import InvalidIdToken, install_url, valid_shop, verify_id_token
from app.config import settings
from app.kit.countries import named_countries
from app.kit.errors import CredentialsRefused
from app.kit.ids import parse_id
from app.web import auth
from app.web.pages import CROSSDOCK, SHOPIFY, Area, cookie_guard
from embedded_ui import pages
from embedded_ui.opening import AccountNeeded, CountryNeeded, sign_in

PREFIX = "/shopify"
#: Tells App Bridge to get a new ID token and to ask again.
_ASK_AGAIN = {"X-Shopify-Retry-Invalid-Session-Request": "1"}


def register(app: Flask) -> None:
    """Add both areas."""
    Area("app", "/app", CROSSDOCK, "retailer", cookie_guard("retailer")).register(app, pages)
    Area("shopify", PREFIX, SHOPIFY, "retailer", embedded_guard, outside=_in_admin).register(app, pages)
    app.register_blueprint(_opening)


def embedded_guard() -> Any | None:
    """The guard of the pages inside Shopify's admin: an ID token, in the header or (on the first load) in the
    address. Cookies count for nothing. Without a good token a fetch is told to ask again with a new one, and a
    document is sent through App Bridge, which has one."""
    token = _token()
    try:
        user = verify_id_token(token)
        g.shop = user.shop
        found = sign_in(user, token)
    except AccountNeeded as needed:
        return _which_account(needed)
    except CountryNeeded:
        return _which_country()
    except (InvalidIdToken, CredentialsRefused):
        # The token proves nothing, or no longer: App Bridge comes again with a new one.
        return _without_token()
    auth.act_as(found)
    return None


def _in_admin(path: str) -> str:
    """The address of a page of ours inside the admin of the shop that is being looked at."""
    return install_url(g.shop) + path


def _token() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ") or request.args.get("id_token", "")


def _which_account(needed: AccountNeeded) -> Response:
    return _asked("embedded_ui/account.html", accounts=needed.accounts)


def _which_country() -> Response:
    return _asked("embedded_ui/country.html", countries=named_countries("en"), account=request.form.get("account", ""))


def _asked(template: str, **shown: Any) -> Response:
    """What is to be answered before a shop is connected."""
    g.embedded = True
    config = settings()
    body = render_template(template, client_id=config.shopify_client_id, cdn=config.shopify_cdn_url, **shown)
    return Response(body, content_type="text/html; charset=utf-8")


def _without_token() -> Any:
    if _is_fetch():
        return Response("The ID token is missing or has run out.", status=401, headers=_ASK_AGAIN)
    kept = {name: value for name, value in request.args.items() if name != "id_token"}
    here = request.path + (f"?{urlencode(kept)}" if kept else "")
    shop = valid_shop(request.args.get("shop", ""))
    query = {"shopify-reload": here} | ({"shop": shop} if shop else {})
    return redirect(f"{PREFIX}/patch?{urlencode(query)}")


def _is_fetch() -> bool:
    return request.headers.get("Sec-Fetch-Dest") == "empty" or "Authorization" in request.headers


_opening = Blueprint("shopify_opening", __name__)


@_opening.post(f"{PREFIX}/account")
def choose_account() -> Any:
    """The shop's user says which account the shop belongs to."""
    token = _token()
    wanted = request.form.get("account", "")
    account = parse_id(wanted)
    try:
        user = verify_id_token(token)
        g.shop = user.shop
        country = request.form.get("country", "")
        sign_in(user, token, account=account or ("new" if wanted == "new" else None), country=country)
    except AccountNeeded as needed:
        return _which_account(needed)
    except CountryNeeded:
        return _which_country()
    except (InvalidIdToken, CredentialsRefused):
        return _without_token()
    return Response(status=303, headers={"Location": f"{PREFIX}/"})


@_opening.get(f"{PREFIX}/patch")
def patch() -> Response:
    """A page with nothing but App Bridge, which reloads the wanted one with a new ID token."""
    g.shop, g.embedded = valid_shop(request.args.get("shop", "")), True
    body = render_template(
        "embedded_ui/patch.html",
        client_id=settings().shopify_client_id,
        cdn=settings().shopify_cdn_url,
    )
    return Response(body, content_type="text/html; charset=utf-8")
