"""What a person chose is what it is sent: at once, once a day in its own morning, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from bs4 import BeautifulSoup

from app import db
from app.identity.models import Organisation, User
from app.kit import clock
from app.notifications.letters import Letter
from app.notifications.service import latest_emails, queue_email
from tests import factories
from tests.market import Market
from tests.simulators.process import free_port
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of

TOPICS = ("orders", "stock", "feeds", "money", "papers")


class _PostOffice:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - its name
        assert isinstance(envelope.content, bytes)
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailed(set_up: Callable[..., None]) -> Iterator[list[EmailMessage]]:
    """What reaches a real mail server, the oldest first."""
    office = _PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    controller.start()
    set_up(mail_transport="smtp", smtp_url=f"smtp://127.0.0.1:{controller.port}")
    yield office.received
    controller.stop()


@dataclass(slots=True)
class Person:
    """A member with a browser and a mailbox."""

    id: UUID
    email: str
    organisation_id: UUID
    browser: Browser
    home: str

    def choose(self, zone: str = "UTC", **ways: str) -> None:
        """On the page: topic=way; the others stay as they are."""
        values = {f"email_{topic}": way for topic, way in ways.items()}
        answer = self.browser.submit(f"{self.home}/notices/choices", "/notices/choices", timezone=zone, **values)
        assert answer.status_code == 303, answer.text

    def letters(self, state: str = "sent") -> list[Any]:
        """What came, the oldest first."""
        with db.system_scope(actor="test"), db.transaction() as session:
            mine = [one for one in latest_emails(session) if one.recipient == self.email and one.state == state]
        return mine[::-1]

    def subjects(self, state: str = "sent") -> list[str]:
        """Their subjects."""
        return [one.subject for one in self.letters(state)]


def person(market: Market, kind: str = "retailer", role: str = "retailer_owner") -> Person:
    """A member who has signed in."""
    party = {"retailer": market.retailer, "supplier": market.supplier, "platform": market.admin}[kind]
    with db.system_scope(actor="test"), db.transaction() as session:
        user = factories.member(session, session.get_one(Organisation, party.id), role)
    browser = Browser(market.app)
    assert browser.sign_in(user.email).status_code == 303
    home = {"retailer": "/app", "supplier": "/supplier", "platform": "/console"}[kind]
    return Person(user.id, user.email, party.id, browser, home)


def tell(who: Person, jobs: Jobs, subject: str, kind: str = "order_held") -> None:
    """A letter to somebody, as jobs queue it."""
    letter = Letter(subject=subject, paragraphs=["It happened."], button=("See it", "https://c.example/app/orders/1"))
    with db.system_scope(actor="test"), db.transaction() as session:
        queue_email(
            session, [who.email], letter, kind=kind, dedupe=f"{kind}:{subject}", organisation_id=who.organisation_id
        )
    jobs.drain()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """It is this moment now."""
    with clock.shifted(moment - datetime.now(UTC)):
        yield


def morning_after(zone: str, *, days: int = 1, hour: int = 7, minute: int = 5) -> datetime:
    """A time of a coming day where somebody lives."""
    local = (datetime.now(ZoneInfo(zone)) + timedelta(days=days)).replace(hour=hour, minute=minute)
    return local.astimezone(UTC)


def test_unless_somebody_chooses_letters_come_at_once(market: Market, jobs: Jobs) -> None:
    one = person(market)
    tell(one, jobs, "Order 1 is on hold")

    assert one.subjects() == ["Order 1 is on hold"]


def test_a_role_has_its_own_defaults(market: Market, jobs: Jobs) -> None:
    one = person(market, role="retailer_readonly")
    tell(one, jobs, "Order 1 is on hold")

    assert (one.subjects(), one.subjects("daily")) == ([], ["Order 1 is on hold"])


def test_what_is_switched_off_is_not_sent_and_colleagues_get_theirs(market: Market, jobs: Jobs) -> None:
    one, colleague = person(market), person(market)
    one.choose(orders="off")
    tell(one, jobs, "Order 1 is on hold")
    tell(colleague, jobs, "Order 2 is on hold")
    tell(one, jobs, "A refund failed", kind="refund_failed")

    assert (one.subjects(), one.subjects("off")) == (["A refund failed"], ["Order 1 is on hold"])
    assert colleague.subjects() == ["Order 2 is on hold"]


def test_what_was_queued_before_the_choice_follows_it(market: Market, jobs: Jobs) -> None:
    one = person(market)
    with db.system_scope(actor="test"), db.transaction() as session:
        letter = Letter(subject="Order 1 is on hold", paragraphs=["It happened."])
        queue_email(session, [one.email], letter, kind="order_held", dedupe="x", organisation_id=one.organisation_id)
    one.choose(orders="off")
    jobs.drain()

    assert one.subjects() == []


@pytest.mark.parametrize("kind", ["api_key_ends", "password_reset", "webhook_failing", "something new"])
def test_what_concerns_the_account_always_comes_and_can_not_be_stopped(market: Market, jobs: Jobs, kind: str) -> None:
    one = person(market)
    one.choose(**dict.fromkeys(TOPICS, "off"))
    refused = one.browser.submit("/app/notices/choices", "/notices/choices", email_account="off")
    assert refused.status_code == 303, "there is no such field"
    tell(one, jobs, "An API key ends", kind=kind)

    (letter,) = one.letters()
    assert "unsubscribe" not in letter.text


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin"])
def test_the_daily_letter_comes_once_in_the_readers_own_morning(market: Market, jobs: Jobs, zone: str) -> None:
    one = person(market)
    one.choose(zone, orders="daily", money="daily")
    tell(one, jobs, "Order 1 is on hold")
    tell(one, jobs, "A refund failed", kind="refund_failed")
    assert one.subjects() == []

    with at(morning_after(zone, hour=6, minute=40)):
        jobs.run_scheduled("send_digests")
    assert one.subjects() == [], "it is still early there"
    with at(morning_after(zone)):
        jobs.run_scheduled("send_digests")
        jobs.run_scheduled("send_digests")
        (letter,) = one.letters()
        assert letter.subject == "Your day at Crossdock: 2 messages"
        assert "Order 1 is on hold" in letter.text
        assert "A refund failed" in letter.text
        assert "https://c.example/app/orders/1" in letter.text
        tell(one, jobs, "Order 2 is on hold")
    with at(morning_after(zone, hour=20)):
        jobs.run_scheduled("send_digests")
    assert len(one.letters()) == 1, "a second letter on one day"
    with at(morning_after(zone, days=2)):
        jobs.run_scheduled("send_digests")
    assert one.subjects()[1:] == ["Your day at Crossdock: 1 message"]
    with at(morning_after(zone, days=3)):
        jobs.run_scheduled("send_digests")
    assert len(one.letters()) == 2, "an empty letter"


def test_a_long_day_is_one_letter_that_counts_the_rest(market: Market, jobs: Jobs) -> None:
    one = person(market)
    one.choose(orders="daily")
    with db.system_scope(actor="test"), db.transaction() as session:
        for number in range(60):
            letter = Letter(subject=f"Order {number} is on hold", paragraphs=["It happened."])
            queue_email(
                session,
                [one.email],
                letter,
                kind="order_held",
                dedupe=f"o{number}",
                organisation_id=one.organisation_id,
            )
    jobs.drain()
    with at(morning_after("UTC")):
        jobs.run_scheduled("send_digests")

    (letter,) = one.letters()
    assert letter.subject == "Your day at Crossdock: 60 messages"
    assert letter.text.count("is on hold") == 50
    assert "and 10 more" in letter.text


def test_what_is_not_wanted_any_more_is_dropped_from_the_daily_letter(market: Market, jobs: Jobs) -> None:
    one = person(market)
    one.choose(orders="daily")
    tell(one, jobs, "Order 1 is on hold")
    one.choose(orders="off")
    with at(morning_after("UTC")):
        jobs.run_scheduled("send_digests")

    assert (one.subjects(), one.subjects("off")) == ([], ["Order 1 is on hold"])


def test_somebody_who_left_gets_no_daily_letter(market: Market, jobs: Jobs) -> None:
    one, other = person(market), person(market)
    one.choose(orders="daily")
    tell(one, jobs, "Order 1 is on hold")
    other.browser.submit("/app/settings", f"/settings/team/{one.id}/remove")
    with at(morning_after("UTC")):
        jobs.run_scheduled("send_digests")

    assert one.subjects() == []


def test_one_click_stops_the_letters_of_its_topic_only(mailed: list[EmailMessage], market: Market, jobs: Jobs) -> None:
    one = person(market)
    tell(one, jobs, "Order 1 is on hold")
    link = _stop_link(mailed[0])
    stranger = Browser(market.app)

    assert "Stop e-mails about “Orders”?" in text_of(stranger.get(link))
    tell(one, jobs, "Order 2 is on hold")
    assert len(one.letters()) == 2, "only looking at the link stops nothing"
    for _ in range(2):
        assert stranger.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    tell(one, jobs, "Order 3 is on hold")
    tell(one, jobs, "A refund failed", kind="refund_failed")

    assert one.subjects()[2:] == ["A refund failed"]
    page = BeautifulSoup(one.browser.get("/app/notices/choices").text, "html.parser")
    chosen = page.select_one("select[name=email_orders] option[selected]")
    assert chosen is not None
    assert chosen["value"] == "off"


def test_one_click_below_the_daily_letter_ends_all_daily_ones(
    mailed: list[EmailMessage], market: Market, jobs: Jobs
) -> None:
    one = person(market)
    one.choose(orders="daily", money="daily")
    tell(one, jobs, "Order 1 is on hold")
    with at(morning_after("UTC")):
        jobs.run_scheduled("send_digests")
    assert Browser(market.app).post(_stop_link(mailed[0])).status_code == 200
    tell(one, jobs, "Order 2 is on hold")
    tell(one, jobs, "A refund failed", kind="refund_failed")
    tell(one, jobs, "A store is lost", kind="store_lost")

    assert one.subjects()[1:] == ["A store is lost"]


def test_a_link_that_was_tampered_with_does_nothing(mailed: list[EmailMessage], market: Market, jobs: Jobs) -> None:
    one = person(market)
    tell(one, jobs, "Order 1 is on hold")
    link = _stop_link(mailed[0])
    stranger = Browser(market.app)
    for forged in (link[:-1], link[:-4] + "AAAA", "/unsubscribe/x", "/unsubscribe/" + "A" * 80, link.upper()):
        assert stranger.post(forged).status_code == 404
    tell(one, jobs, "Order 2 is on hold")

    assert len(one.letters()) == 2
    assert one.email not in link
    assert str(one.id) not in link


def test_letters_carry_the_headers_that_mail_programs_look_for(
    mailed: list[EmailMessage], market: Market, jobs: Jobs
) -> None:
    """RFC 8058: one address in List-Unsubscribe, and List-Unsubscribe-Post beside it."""
    one = person(market)
    tell(one, jobs, "Order 1 is on hold")
    tell(one, jobs, "An API key ends", kind="api_key_ends")

    news, account = mailed
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        body = news.get_body((part,))
        assert body is not None
        assert _stop_link(news) in body.get_content()
        assert "/app/notices/choices" in body.get_content()
    assert account["List-Unsubscribe"] is None


def test_the_zone_that_is_chosen_is_the_readers(market: Market) -> None:
    one = person(market)
    one.choose("Asia/Tokyo")

    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get_one(User, one.id).timezone == "Asia/Tokyo"
    wrong = one.browser.submit("/app/notices/choices", "/notices/choices", timezone="Mars/Olympus")
    assert wrong.status_code == 422


def _stop_link(message: EmailMessage) -> str:
    """The path of the address that a mail program asks when its reader wants no more of these."""
    told = str(message["List-Unsubscribe"])
    assert told.startswith("<")
    assert told.endswith(">")
    return urlsplit(told[1:-1]).path
