"""Letters to a shop's customer about things and money that come back, and about what comes later or otherwise than
ordered, in the shop's look and the customer's language. Where we have no words in a language
(``customer_letters.json``), they are written in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import settings
from app.documents.deliveries import Coming
from app.documents.phrases import Phrases
from app.documents.sending_back import PRINT, SEND, NextStep
from app.documents.shopfronts import shopfront_of
from app.kit import texts
from app.kit.money import Money
from app.notifications.letters import BrandOnLetter, Letter
from app.notifications.service import queue_email
from app.orders.models import Order
from app.orders.queries import tracking_page
from app.orders.service import address_of
from app.returns.queries import settings_of


@cache
def letter_phrases() -> Phrases:
    """All that letters say."""
    return Phrases(Path(__file__).with_suffix(".json"))


class CustomerLetters:
    """Writes to the customer of one order. Needs a system scope."""

    def __init__(self, session: Session, order: Order) -> None:
        self._session, self._order = session, order
        front = shopfront_of(session, order, letter_phrases().languages)
        #: The shop, as its customers know it.
        self.shop = front.name
        self._language, self._zone, brand = front.language, front.zone, front.brand
        self._brand = BrandOnLetter(name=self.shop)
        if brand is not None:
            logo = f"{settings().public_url}/logo/{brand.retailer_id}/{brand.logo_sha256}.png" if brand.logo else ""
            contact = [one for one in (brand.email, brand.phone, brand.website) if one]
            self._brand = BrandOnLetter(
                name=self.shop, logo=logo, colour=brand.colour, email=brand.email, contact=contact
            )

    def asked(self, about: str) -> None:
        """The shop has the customer's request."""
        self._write("asked_subject", ["asked"], about=about)

    def refused(self, about: str, reason: str) -> None:
        """It can't be taken back. ``reason`` is the shop's, in its own words or ours (``photo_missing``); empty: it is
        a supplier's, whose words are for the shop."""
        self._write("refused_subject", ["refused" if reason else "declined"], about=about, values={"reason": reason})

    def photo_missing(self) -> str:
        """Why it can't be taken back: a photo was wanted and did not come."""
        return self._say("no_photo")

    def approved(self, about: str, step: NextStep) -> None:
        """It can be sent back: what to do now, with the label where it is there. None is written about what is on its
        way."""
        day = self._day(step.until) if step.until else "–"
        values = {"number": step.number, "day": day, "carrier": _carrier(step.carrier)}
        if step.what == PRINT:
            button = (self._say("label_button"), step.label)
            self._write("label_subject", ["label"], about=f"{about}:{step.label_file}", button=button, values=values)
        elif step.what == SEND:
            self._write("approved_subject", ["send"], about=about, address=step.address, values=values)
        else:
            self._write("approved_subject", ["wait"], about=about, values=values)

    def accepted(self, about: str, number: str, *, kept: bool) -> None:
        """What came back is accepted, or need not come back."""
        self._write("accepted_subject", ["kept" if kept else "accepted"], about=about, values={"number": number})

    def later(self, about: str, what: str, until: datetime) -> None:
        """Units wait for stock. ``what`` names them; ``until``: when they wait no more."""
        values = {"item": what, "day": self._day(until)}
        self._write("later_subject", ["later"], about=about, values=values)

    def replaced(self, about: str, what: str, instead: str) -> None:
        """Something else is sent instead of units."""
        self._write("replaced_subject", ["replaced"], about=about, values={"item": what, "instead": instead})

    def parcels(self, about: str, coming: Sequence[Coming]) -> bool:
        """The order comes in several parcels: what is in each, and when it arrives. Whether it is written."""
        rows = []
        for number, one in enumerate(coming, start=1):
            name = self._say("parcel_left" if one.left else "parcel_later", number=texts.number(number, self._language))
            items = ", ".join(f"{self.units(units)} {title}" for title, units in one.items)
            days = ""
            if one.days is not None:
                days = self._say("parcel_days", days=texts.days(*one.days, self._language))
            elif one.back_on is not None:
                days = self._say("parcel_back", day=texts.day(one.back_on, self._language))
            rows.append((name, f"{items} ({days})" if days else items))
        return self._write(
            "parcels_subject", ["parcels"], about=about, rows=rows, kind="customer_parcels", count=len(coming)
        )

    def refunded(self, about: str, amount: Money | None, items: Sequence[tuple[str, str]]) -> None:
        """The shop gave money back for these items (title, units); ``amount``: in what the customer paid in, None where
        it is not known."""
        if amount is None:
            self._write("refunded_plain_subject", ["refunded_plain"], about=about, rows=items, kind="customer_refund")
            return
        values = {"amount": texts.money(amount, self._language)}
        self._write("refunded_subject", ["refunded"], about=about, rows=items, kind="customer_refund", values=values)

    def units(self, count: int) -> str:
        """So many, as they stand before or behind a title."""
        return f"{texts.number(count, self._language)} ×"

    def part(self, part: str, item: str) -> str:
        """The name of a part of something that was bought as one."""
        return self._say("part", part=part, item=item)

    def _day(self, moment: datetime) -> str:
        """The customer's day."""
        return texts.day(moment, self._language, self._zone)

    def _write(
        self,
        subject: str,
        paragraphs: list[str],
        *,
        about: str,
        button: tuple[str, str] | None = None,
        address: Sequence[str] = (),
        rows: Sequence[tuple[str, str]] = (),
        kind: str = "customer_return",
        values: Mapping[str, str] | None = None,
        count: int | None = None,
    ) -> bool:
        """Whether it is written: the shop wants its customers written to, and there is an address."""
        session, order = self._session, self._order
        sealed = address_of(order.ship_to, "orders", order.id)
        if sealed is None or not sealed.email or not settings_of(session, order.retailer_id).writes_for(order.store_id):
            return False
        audit.record(session, order.retailer_id, "orders.address_read", "order", order.id, details={"for": "letter"})
        known = {**(values or {}), "order": order.external_name or str(order.number), "shop": self.shop}
        text = [self._say(name, count, **known) for name in paragraphs]
        if address:
            text.append(", ".join(address))
        page = tracking_page(order)
        letter = Letter(
            subject=self._say(subject, count, **known),
            paragraphs=text,
            rows=rows,
            button=button or (self._say("page"), page),
            reason=self._say("why", **known),
            brand=self._brand,
            language=self._language,
        )
        queue_email(
            session,
            [sealed.email],
            letter,
            kind=kind,
            dedupe=f"customer:{about}",
            order_id=order.id,
        )
        return True

    def _say(self, name: str, count: int | None = None, /, **values: str) -> str:
        return letter_phrases().say(self._language, name, count, **values)


def _carrier(name: str) -> str:
    """A carrier's name for people, as far as it can be told from ours."""
    return name.replace("_", " ").upper() if len(name) <= 4 else name.replace("_", " ").title()
