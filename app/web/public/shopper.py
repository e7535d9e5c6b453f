"""What all pages of a shop's customer have in common: the shop's name and look, the customer's language and clock, and
the sentences in it (``shopper.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from flask import Response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.documents.models import Brand
from app.documents.phrases import Phrases
from app.documents.shopfronts import shopfront_of
from app.kit import texts
from app.kit.errors import NotFound
from app.kit.links import LinkEnded
from app.orders.models import Order
from app.web.ui.rendering import speak

Answer = TypeVar("Answer", bound=AnyResponse)


@cache
def page_phrases() -> Phrases:
    """All that these pages say."""
    return Phrases(Path(__file__).with_suffix(".json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop of an order, as its customer knows it. ``chosen``: the language that the page's address names, which
    goes before the shop's."""

    name: str
    brand: Brand | None
    language: str
    zone: str
    chosen: str | None

    def say(self, key: str, count: int | None = None, /, **values: str) -> str:
        """A sentence in the customer's language."""
        return page_phrases().say(self.language, key, count, **values)


def shop_of(session: Session, order: Order) -> Shop:
    """Needs a system scope."""
    known, chosen = page_phrases().languages, request.args.get("lang")
    if chosen not in known:
        chosen = None
    front = shopfront_of(session, order, known)
    return Shop(name=front.name, brand=front.brand, language=chosen or front.language, zone=front.zone, chosen=chosen)


def shopper_page(template: str, shop: Shop, status: int = 200, **context: Any) -> Response:
    """A page in the shop's look and the customer's language, which search engines leave alone and whose address goes
    nowhere else."""
    speak(shop.language, shop.zone)
    return _answer(template, shop.language, status, shop=shop, chosen=shop.chosen, **context)


def not_there(error: NotFound | LinkEnded) -> Response:
    """What an address says that leads to no order, or no longer to a return's label. It belongs to no shop, so it is in
    the language of the browser."""
    language = request.accept_languages.best_match(page_phrases().languages) or "en"
    speak(language, "UTC")
    key = "label_ended" if isinstance(error, LinkEnded) else "gone"
    return _answer("not_there.html", language, error.status, key=key)


def _answer(template: str, language: str, status: int, **context: Any) -> Response:
    body = render_template(
        f"app/web/public/{template}",
        say=partial(page_phrases().say, language),
        days=partial(texts.days, locale=language),
        languages=language_names(),
        **context,
    )
    return private(Response(body, status=status, content_type="text/html; charset=utf-8"))


def private(answer: Answer) -> Answer:
    """Neither found by search engines nor told to other sites."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@cache
def language_names() -> Mapping[str, str]:
    """Language → what those who speak it call it."""
    names = {code: texts.locale_of(code).get_display_name() or code for code in page_phrases().languages}
    return {code: name[0].upper() + name[1:] for code, name in sorted(names.items())}
