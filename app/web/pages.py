"""Pages: declared in their folders, found by walking, guarded by their area, rendered by their host.

An *area* is a set of pages under one address prefix for one kind of reader (the supplier portal, the console, the
retailer's pages standalone or inside Shopify's admin). A page is written once in the vocabulary of components; the
area's *host* says how each component looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, g, render_template, request, url_for

from app.config import settings
from app.kit.errors import NotFound
from app.kit.registry import walk
from app.web import auth
from app.web.auth import NOWHERE
from app.web.ui.done import SENTENCES

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Nav:
    """A page's place in its area's navigation. ``label`` is a noun, translated where it is shown; ``icon`` is a name
    of the vocabulary; ``endpoint`` is one of the page's views. ``count`` tells how many things wait there; it is asked
    before the page's own work begins, outside of any transaction."""

    label: str
    endpoint: str
    order: int
    icon: str = ""
    permission: str | None = None
    count: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """How the vocabulary is rendered: the template of its components and the template around a page."""

    name: str
    macros: str
    layout: str


CROSSDOCK = Host("crossdock", "app/web/ui/hosts/crossdock.html", "app/web/ui/layouts/crossdock.html")
SHOPIFY = Host("shopify", "app/web/ui/hosts/shopify.html", "app/web/ui/layouts/shopify.html")


@dataclass(slots=True)
class _Route:
    path: str
    methods: tuple[str, ...]
    permission: str | None
    view: Callable[..., Any]
    #: Most bytes of the request's body, or what tells it when it is asked for; None as all pages.
    largest: int | Callable[[], int] | None = None


class Pages:
    """The pages of one folder: ``pages = Pages(__name__, nav=…)`` and views declared on it."""

    def __init__(self, import_name: str, *, nav: Nav | None = None) -> None:
        self.name = import_name.rsplit(".", 1)[-1]
        self.folder = import_name.replace(".", "/")
        self.nav = nav
        self.routes: list[_Route] = []

    def get(self, path: str, *, permission: str | None = None) -> Callable[[View], View]:
        """A view that shows."""
        return self._route(path, ("GET",), permission)

    def post(
        self, path: str, *, permission: str | None = None, largest: int | Callable[[], int] | None = None
    ) -> Callable[[View], View]:
        """A view that changes something. ``largest`` lets in a body of so many bytes, for files; a function where a
        setting tells it."""
        return self._route(path, ("POST",), permission, largest)

    def _route(
        self,
        path: str,
        methods: tuple[str, ...],
        permission: str | None,
        largest: int | Callable[[], int] | None = None,
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            self.routes.append(_Route(path, methods, permission, view, largest))
            return view

        return declare

    def render(self, template: str, status: int = 200, **context: Any) -> Any:
        """Render a template of this folder in the area's host."""
        return render(f"{self.folder}/{template}", status, **context)


@dataclass(slots=True)
class Area:
    """One set of pages. ``guard`` establishes who asks (or returns an answer to give instead). ``outside`` turns a
    path below the prefix into the address at which a browser that left comes back in."""

    name: str
    prefix: str
    host: Host
    kind: str | None
    guard: Callable[[], Any | None]
    outside: Callable[[str], str] | None = None
    navigation: list[tuple[str, Nav]] = field(default_factory=list)

    def register(self, app: Flask, package: ModuleType) -> None:
        """Find the pages of a package and put them under this area's prefix."""
        parent = Blueprint(self.name, __name__, url_prefix=self.prefix)
        for module in _page_modules(package):
            declared: Pages = module.pages
            parent.register_blueprint(self._blueprint(declared))
            if declared.nav is not None:
                self.navigation.append((f"{self.name}.{declared.name}.{declared.nav.endpoint}", declared.nav))
        self.navigation.sort(key=lambda entry: entry[1].order)
        # Also what is not there is answered after the guard, in the area's host.
        nothing = _Route(f"/<path:{NOWHERE}>", ("GET", "POST"), None, _nothing_here)
        parent.add_url_rule(nothing.path, endpoint="nothing", view_func=self._guarded(nothing), methods=nothing.methods)
        app.register_blueprint(parent)

    def _blueprint(self, declared: Pages) -> Blueprint:
        blueprint = Blueprint(declared.name, __name__)
        for route in declared.routes:
            blueprint.add_url_rule(
                route.path,
                endpoint=route.view.__name__,
                view_func=self._guarded(route),
                methods=list(route.methods),
            )
        return blueprint

    def _guarded(self, route: _Route) -> Callable[..., Any]:
        @wraps(route.view)
        def view(*args: Any, **kwargs: Any) -> Any:
            g.area = self
            if route.largest is not None:
                # Before the guard, which reads the form.
                request.max_content_length = route.largest() if callable(route.largest) else route.largest
            instead = self.guard()
            if instead is not None:
                return instead
            if route.permission is not None:
                auth.principal().require(route.permission)
            if request.method == "GET":
                self._count()
            return route.view(*args, **kwargs)

        return view

    def _count(self) -> None:
        """What the navigation counts, as far as the reader may go there."""
        who = auth.principal()
        g.nav_counts = {
            endpoint: nav.count()
            for endpoint, nav in self.navigation
            if nav.count is not None and (nav.permission is None or who.may(nav.permission))
        }


def _nothing_here(_path: str) -> Any:
    raise NotFound("page")


def _page_modules(package: ModuleType) -> list[ModuleType]:
    return [module for module in walk(package) if hasattr(module, "pages")]


def cookie_guard(kind: str) -> Callable[[], Any | None]:
    """The guard of areas for signed-in browsers: members of one kind of organisation."""

    def guard() -> Any | None:
        found = auth.session_principal()
        if found is None:
            return auth.to_sign_in()
        if found.organisation_kind != kind:
            raise NotFound("page")
        auth.act_as(found)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            auth.check_not_forged(found)
        return None

    return guard


def page_url(endpoint: str, **values: Any) -> str:
    """The address of a page of the current area: ``page_url("orders.detail", order_id=…)``. ``done`` is the key of
    a sentence of ``app/web/ui/done.py`` that the page shows."""
    area: Area = g.area
    if "done" in values and values["done"] not in SENTENCES:
        raise LookupError(f"no sentence is called {values['done']!r}")
    return url_for(f"{area.name}.{endpoint}", **values)


def way_back(endpoint: str, **values: Any) -> str:
    """The address at which a browser that leaves for another site comes back to a page of the current area."""
    area: Area = g.area
    path = page_url(endpoint, **values)
    if area.outside is not None:
        return area.outside(path.removeprefix(area.prefix))
    return settings().public_url + path


def leave(target: str) -> Response:
    """Go to another site. Inside a frame the whole window goes: such sites can't be framed."""
    area: Area | None = g.get("area")
    if area is not None and area.host is SHOPIFY:
        return Response(status=200, headers={"X-Open-Top": target})
    return Response(status=303, headers={"Location": target})


def render(template: str, status: int = 200, **context: Any) -> Any:
    """Render a page in the current area's host."""
    area: Area | None = g.get("area")
    host = area.host if area else CROSSDOCK
    body = render_template(template, host=host, area=area, page_url=page_url, **context)
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def go(target: str) -> Response:
    """Go to an address of ours."""
    if g.get("shop") and target.startswith("/"):
        # A frame that follows this without an ID token must still say whose admin it stands in.
        target += ("&" if "?" in target else "?") + urlencode({"shop": g.shop})
    return Response(status=303, headers={"Location": target})


def query_without(*names: str, **changes: Any) -> dict[str, Any]:
    """The present query string with some values dropped or changed, for links of filters and pages. What was just
    done is not said again."""
    left = {"done", *names}
    values: Mapping[str, Any] = {name: value for name, value in request.args.items() if name not in left}
    return {**values, **{name: value for name, value in changes.items() if value not in (None, "")}}
