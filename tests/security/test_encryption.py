"""Sealed columns: what is stored says nothing, opens only where it belongs, and moves to a new key without a gap."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config, db
from app.config import key_ring
from app.feeds.models import FeedSource
from app.feeds.service import SourceSpec, access_of, add_source
from app.feeds.source import Access
from app.fulfillment.models import LabelAccount, ShippingLabel
from app.fulfillment.service import announced_units
from app.fulfillment.service.accounts import hook_secret, save_account, way_in
from app.fulfillment.service.labelling import label_file
from app.inbox.service import Received, open_message, take_in
from app.kit import clock
from app.kit.crypto import CannotOpen, KeyedHash, KeyRing, Place, key_number
from app.kit.errors import Rejected
from app.kit.ids import new_id
from app.notifications.letters import Letter
from app.notifications.models import Email
from app.notifications.service import open_email, queue_email
from app.orders.models import Order, RetailerAddress
from app.orders.saved_addresses import save_address, saved_address
from app.orders.senders import Sender, save_sender, sender_of, sender_of_store
from app.orders.service import address_of, seal_address
from app.privacy.rotation import SEALED
from app.purchasing.channel import Setting, SupplierChannel
from app.purchasing.models import ChangeMessage, ChangeRequest, ChannelSetting, PurchaseOrder, Transmission
from app.purchasing.service import passing_on, place_order
from app.purchasing.service.channels import choose_channel, note_failed, problem_of, settings_of
from app.purchasing.service.dispatching import begin_dispatch, record_failed
from app.purchasing.service.transmitting import plan_transmission, put_together, words_of
from app.returns.models import Return, ReturnFile, ShopperReturn
from app.returns.service.filing import add_label as add_return_label
from app.returns.service.filing import opened as opened_file
from app.stores.models import StoreCredential
from app.stores.platform import Credentials
from app.stores.service import save_credentials
from app.suppliers.models import ReturnPolicy, SupplierApplication
from app.suppliers.service import contact_of
from app.suppliers.service.onboarding import (
    RETURN_REASONS,
    Company,
    PostalAddress,
    ReturnTerms,
    company_address,
    return_address,
    save_company,
    save_returns,
)
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.queries import response_of
from app.webhooks.service import (
    EndpointSpec,
    Fact,
    Outcome,
    add_endpoint,
    due_calls,
    record,
    record_outcomes,
    rotate_secret,
)
from app.webhooks.service.endpoints import signing_secrets
from launch.cli import ROOT, main
from tests import factories as make
from tests.adapters.settings import set_up
from tests.processes import wait_for_lock

__all__ = ["set_up"]

KEYS = {number: bytes([number]) * 32 for number in (1, 2, 3)}
PLACE = Place("orders", "ship_to", UUID(int=1))
places = st.builds(Place, st.sampled_from(["orders", "emails"]), st.sampled_from(["ship_to", "body"]), st.uuids())

#: Words that are in the sealed columns of ``house`` and nowhere else.
SECRETS = (
    "Ada Lovelace",
    "12 St James's Square",
    "SW1Y 4JH",
    "ada@shopper.example",
    "7946 0958",
    "shpat_of_the_shop",
    "shprt_of_the_shop",
    "Jo Berg",
    "+49301234567",
    "7 Quayside",
    "9 Return Lane",
    "3 Sample Row",
    "77 Retail Street",
    "a hook about Grace Hopper",
    "grace@shopper.example",
    "Dear Grace",
    "feed-password",
    "a receiver's answer",
    "EZ-key",
    "EZ-secret",
    "label for Grace",
    "channel-password",
    "no parcels to Mrs Hopper",
    "Mrs Hopper is unknown",
    "Mrs Hopper has moved",
)


def ring(*numbers: int) -> KeyRing:
    """A ring of these keys."""
    return KeyRing({number: KEYS[number] for number in numbers})


def written(*numbers: int) -> str:
    """The same ring as the setting has it."""
    return ",".join(f"{number}:{base64.b64encode(KEYS[number]).decode()}" for number in numbers)


@given(st.binary(max_size=300), places)
def test_what_was_sealed_opens_at_its_place(plain: bytes, place: Place) -> None:
    sealed = ring(1).seal(plain, place)
    assert ring(1).open(sealed, place) == plain
    assert len(sealed) == 1 + 4 + 12 + len(plain) + 16


@given(st.binary(min_size=4, max_size=300), places)
def test_a_sealed_value_does_not_contain_the_plaintext(plain: bytes, place: Place) -> None:
    assert plain not in ring(1).seal(plain, place)


@given(st.binary(max_size=300), places)
def test_equal_values_seal_differently(plain: bytes, place: Place) -> None:
    assert len({ring(1).seal(plain, place) for _ in range(5)}) == 5


@given(st.binary(max_size=100), places, places)
def test_a_value_moved_elsewhere_does_not_open(plain: bytes, home: Place, elsewhere: Place) -> None:
    sealed = ring(1).seal(plain, home)
    if home != elsewhere:
        with pytest.raises(CannotOpen):
            ring(1).open(sealed, elsewhere)


@given(st.binary(max_size=100), st.data())
def test_a_value_with_any_bit_turned_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(ring(1).seal(plain, PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        ring(1, 2, 3).open(bytes(sealed), PLACE)


@given(st.binary(max_size=100), st.data())
def test_a_value_cut_short_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = ring(1).seal(plain, PLACE)
    with pytest.raises(CannotOpen):
        ring(1).open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], PLACE)


def test_the_highest_key_seals_and_all_keys_open() -> None:
    old = ring(1).seal(b"old", PLACE)
    both = ring(2, 1)
    new = both.seal(b"new", PLACE)
    assert (key_number(old), key_number(new)) == (1, 2)
    assert (both.open(old, PLACE), both.open(new, PLACE)) == (b"old", b"new")
    with pytest.raises(CannotOpen, match="not in the ring"):
        ring(2).open(old, PLACE)
    other = KeyRing({1: bytes([9]) * 32})
    with pytest.raises(CannotOpen):
        other.open(old, PLACE)


def test_a_ring_reads_the_form_of_the_setting() -> None:
    assert KeyRing.parse(f" {written(1, 3)}, ").current == 3
    assert KeyRing.parse(written(3, 1)).open(ring(1).seal(b"x", PLACE), PLACE) == b"x"


@pytest.mark.parametrize(
    "text",
    ["", ",", "1", "1:", "one:" + written(1)[2:], "1:nonsense!", written(1)[:-8], "0" + written(1)[1:], "1:AAAA"],
)
def test_a_setting_that_is_no_ring_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        KeyRing.parse(text)
    if len(text) > 10:
        assert text[2:] not in str(refused.value)


def test_a_hash_key_that_is_short_is_refused_and_purposes_differ() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        KeyedHash(b"short")
    keyed = KeyedHash(KEYS[1])
    assert keyed.of("session", "x") != keyed.of("api key", "x")
    assert keyed.of("session", "x") != KeyedHash(KEYS[2]).of("session", "x")


@dataclass(slots=True)
class House:
    """A row in every table that has a sealed column."""

    store_id: UUID
    supplier_id: UUID
    order_id: UUID
    message_id: UUID
    feed_id: UUID

    def open_everything(self) -> str:
        """All that is sealed, opened by the code that reads it in earnest."""
        with db.transaction() as session:
            order = session.get_one(Order, self.order_id)
            (purchase_order,) = session.scalars(select(PurchaseOrder).where(PurchaseOrder.order_id == order.id))
            message = open_message(session, self.message_id)
            assert message is not None
            credential = session.get_one(StoreCredential, self.store_id)
            assert credential.refresh_token is not None
            tokens = [
                config.key_ring().open(sealed, Place("store_credentials", column, self.store_id)).decode()
                for column, sealed in (
                    ("access_token", credential.access_token),
                    ("refresh_token", credential.refresh_token),
                )
            ]
            (address_id,) = session.scalars(select(RetailerAddress.id))
            own = saved_address(session, order.retailer_id, address_id)
            kept = sender_of_store(session, order.retailer_id, self.store_id)
            frozen = sender_of(purchase_order.sender, "purchase_orders", purchase_order.id)
            assert kept is not None
            assert frozen is not None
            letters = []
            for email_id in session.scalars(select(Email.id)):
                email = open_email(session, email_id)
                assert email is not None
                letters += [email.recipient, email.text, email.html]
            return "\n".join(
                [
                    *_words(address_of(order.ship_to, "orders", order.id)),
                    *_words(address_of(purchase_order.ship_to, "purchase_orders", purchase_order.id)),
                    *_words(own),
                    *_words(kept.address),
                    *_words(frozen.address),
                    *_words(contact_of(session.get_one(SupplierApplication, self.supplier_id))),
                    *_words(company_address(session.get_one(SupplierApplication, self.supplier_id))),
                    *_words(return_address(session.scalars(select(ReturnPolicy)).one())),
                    message.body.decode(),
                    access_of(session.get_one(FeedSource, self.feed_id)).secret,
                    response_of(session.scalars(select(WebhookDelivery)).one()),
                    *signing_secrets(session.scalars(select(WebhookEndpoint)).one()),
                    *settings_of(session.get_one(ChannelSetting, self.supplier_id)).secrets.values(),
                    problem_of(session.get_one(ChannelSetting, self.supplier_id)),
                    words_of(session.scalars(select(Transmission)).one()),
                    passing_on.words_of_message(session.scalars(select(ChangeMessage)).one()),
                    way_in(session.get_one(LabelAccount, self.supplier_id)).api_key,
                    hook_secret(session.get_one(LabelAccount, self.supplier_id)) or "",
                    label_file(session.scalars(select(ShippingLabel)).one()).decode(),
                    opened_file(session.scalars(select(ReturnFile)).one()).read().decode(),
                    *tokens,
                    *letters,
                ]
            )


def _words(opened: Any) -> list[str]:
    """An address's or a contact's fields; as text they show nothing."""
    return [str(value) for value in asdict(opened).values()]


def _set_up(session: Session, supplier_id: UUID) -> None:
    """The addresses that a supplier tells when it sets itself up."""
    quay = PostalAddress(address1="7 Quayside", city="Hamburg", postal_code="20457", country_code="DE")
    company = Company(
        business_type="wholesaler",
        legal_name="Nordlicht GmbH",
        website=None,
        registration_number="HRB 12345",
        registration_reason="",
        tax_id="DE136695976",
        tax_reason="",
        address=quay,
    )
    save_company(session, supplier_id, company)
    payers = dict.fromkeys(RETURN_REASONS, "supplier")
    terms = ReturnTerms(
        window_days=30, restocking_bps=0, payers=payers, address=replace(quay, address1="9 Return Lane")
    )
    save_returns(session, supplier_id, terms)


def _deliver(session: Session, supplier_id: UUID) -> None:
    """A webhook with two secrets that was answered."""
    spec = EndpointSpec(url="https://hooks.example/", events=["payout.sent"])
    endpoint, _ = add_endpoint(session, supplier_id, spec)
    rotate_secret(session, supplier_id, endpoint.id, overlap=timedelta(days=1))
    fact = Fact(organisation_id=supplier_id, kind="supplier", type="payout.sent", subject="x", data={"payout_id": "x"})
    record(session, [fact])
    session.flush()
    (call,) = due_calls(session, endpoint.id, limit=1)
    answered = {call.delivery_id: Outcome(status=200, response=b"a receiver's answer")}
    record_outcomes(session, endpoint.id, answered)


def _label(session: Session, supplier_id: UUID) -> None:
    """An account at a gateway, and a label with an address on it."""
    save_account(session, supplier_id, gateway="easypost", api_key="EZ-key", hook_secret="EZ-secret", form="PDF")
    label_id = new_id()
    session.add(
        ShippingLabel(
            id=label_id,
            supplier_id=supplier_id,
            purchase_order_id=new_id(),
            gateway="easypost",
            state="BOUGHT",
            gateway_ref="shp_1",
            offers=[],
            lines={},
            grams=1,
            media_type="application/pdf",
            content=config.key_ring().seal(b"label for Grace", Place("shipping_labels", "content", label_id)),
            created_at=clock.now(),
            updated_at=clock.now(),
        )
    )


def _ask(session: Session, order_id: UUID) -> None:
    """What a shopper wants to send back, and where an order is to go instead."""
    now, order = clock.now(), session.get_one(Order, order_id)
    purchase_order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.order_id == order_id)).one()
    asked, changed = new_id(), new_id()
    session.add(
        ShopperReturn(
            id=asked,
            retailer_id=order.retailer_id,
            order_id=order_id,
            state="WAITING",
            note=key_ring().seal(b"Grace Hopper has two of them", Place("shopper_returns", "note", asked)),
            answer="",
            created_at=now,
        )
    )
    coming_back = Return(
        id=new_id(),
        number="R-1",
        order_id=order_id,
        purchase_order_id=purchase_order.id,
        retailer_id=order.retailer_id,
        supplier_id=purchase_order.supplier_id,
        state="APPROVED",
        reason="damaged",
        note="",
        policy_version=1,
        restocking_bps=0,
        payer="supplier",
        requested_by="test",
        answer="",
        carrier="",
        tracking_number="",
        created_at=now,
        updated_at=now,
    )
    session.add(coming_back)
    session.flush()
    add_return_label(session, coming_back, b"return label of Grace", "application/pdf")
    session.add(
        ChangeRequest(
            id=changed,
            order_id=order_id,
            purchase_order_id=purchase_order.id,
            retailer_id=order.retailer_id,
            supplier_id=purchase_order.supplier_id,
            kind="address",
            state="OPEN",
            origin="retailer",
            asked_by="system",
            note="",
            ship_to=seal_address(make.address(address1="5 Other Row"), "change_requests", changed),
            ship_to_country="GB",
            asked_at=now,
            remind_at=now,
            due_at=now,
            answer="",
        )
    )


class _Channel(SupplierChannel):
    """A channel that signs in."""

    name = "signing_in"
    label = "Signing in"
    form = (Setting(name="password", label="Password", kind="secret"),)
    transmits = True


def _transmit(session: Session, supplier_id: UUID, order: PurchaseOrder) -> None:
    """A channel with a sign-in that failed, and a purchase order that was refused."""
    choose_channel(session, supplier_id, _Channel(), {"password": "channel-password"})
    note_failed(session, supplier_id, Rejected("no", "no parcels to Mrs Hopper"))
    order.released_at = order.created_at
    session.flush()
    row = plan_transmission(session, supplier_id, order.id)
    assert row is not None
    session.flush()
    dispatch_id = put_together(session, [row])
    begin_dispatch(session, dispatch_id, row.id, announced_units)
    record_failed(session, dispatch_id, Rejected("no", "Mrs Hopper is unknown"))
    _ask_system(session, order)


def _ask_system(session: Session, order: PurchaseOrder) -> None:
    """The supplier's system was asked to change the order, and refused."""
    now = clock.now()
    request = session.scalars(select(ChangeRequest).where(ChangeRequest.purchase_order_id == order.id)).one()
    message = ChangeMessage(
        id=new_id(),
        change_request_id=request.id,
        purchase_order_id=order.id,
        retailer_id=order.retailer_id,
        supplier_id=order.supplier_id,
        channel="signing_in",
        purpose="ask",
        cause="ask",
        state="SENDING",
        sequence=2,
        detail={},
        created_at=now,
        updated_at=now,
    )
    session.add(message)
    session.flush()
    passing_on.record_failed(session, message.id, Rejected("no", "Mrs Hopper has moved"))


@pytest.fixture
def house(committed: None, system: None, set_up: Callable[..., None]) -> House:
    """See ``House``; all sealed with key 1."""
    set_up(encryption_keys=written(1))
    with db.transaction() as session:
        retailer, supplier = make.retailer(session), make.supplier(session)
        _set_up(session, supplier.id)
        store = make.store(session, retailer)
        save_credentials(
            session, store, Credentials(access_token="shpat_of_the_shop", refresh_token="shprt_of_the_shop", scopes=())
        )
        sender = make.address(address1="77 Retail Street")
        save_sender(session, retailer.id, store.id, Sender(address=sender, as_sender=True, as_return_address=True))
        [lamp] = make.product(session, supplier)
        placed = place_order(session, make.order_of(retailer, {lamp: 1}, store=store))
        save_address(session, retailer.id, make.address(address1="3 Sample Row"))
        message = take_in(
            session,
            Received(
                source="shopify:one",
                external_id="1",
                topic="orders/paid",
                headers={},
                body=b"a hook about Grace Hopper",
            ),
        )
        assert message is not None
        queue_email(
            session,
            ["grace@shopper.example"],
            Letter(subject="Order 1", paragraphs=["Dear Grace"]),
            kind="test",
            dedupe="test",
        )
        spec = SourceSpec(
            name="Stock",
            kind="https",
            address="https://f.example/a.csv",
            access=Access("basic", "grace", "feed-password"),
        )
        source = add_source(session, supplier.id, spec, schemes=["basic"])
        _deliver(session, supplier.id)
        _label(session, supplier.id)
        _ask(session, placed.order_id)
        (order,) = session.scalars(select(PurchaseOrder).where(PurchaseOrder.order_id == placed.order_id))
        _transmit(session, supplier.id, order)
        return House(store.id, supplier.id, placed.order_id, message, source.id)


@pytest.fixture
def raw(database_url: str) -> Iterator[psycopg2.extensions.connection]:
    """The database as somebody sees it who holds a copy."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    yield connection
    connection.close()


def every_byte(raw: psycopg2.extensions.connection) -> Iterator[tuple[str, bytes]]:
    """Every value of every row, as the bytes that it stands for."""
    with raw.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'"
        )
        for table, column, kind in cursor.fetchall():
            value = column if kind == "bytea" else f"convert_to({column}::text, 'utf8')"
            cursor.execute(f"select {value} from {table} where {column} is not null")
            for (found,) in cursor.fetchall():
                yield f"{table}.{column}", bytes(found)


def test_no_stored_byte_gives_away_what_is_sealed(house: House, raw: psycopg2.extensions.connection) -> None:
    opened = house.open_everything()
    for secret in SECRETS:
        assert secret in opened
    for place, stored in every_byte(raw):
        for secret in SECRETS:
            assert secret.encode() not in stored, place


def test_every_sealed_column_is_one_that_rotation_knows(house: House, raw: psycopg2.extensions.connection) -> None:
    mark = b"\x01\x00\x00\x00\x01"
    sealed = {place for place, stored in every_byte(raw) if stored.startswith(mark) and len(stored) > 33}
    assert sealed == {f"{model.__tablename__}.{column}" for model, column, _ in SEALED}


@pytest.mark.parametrize(
    "statement",
    [
        "update orders set ship_to = (select ship_to from purchase_orders limit 1)",
        "update purchase_orders set ship_to = (select ship_to from orders limit 1)",
        "update store_credentials set access_token = refresh_token",
        "update emails set text_body = recipient",
        "update supplier_applications set contact = (select ship_to from orders limit 1)",
        "update inbox_messages set body = (select text_body from emails limit 1)",
    ],
)
def test_a_stored_value_that_was_moved_is_refused(
    house: House, raw: psycopg2.extensions.connection, statement: str
) -> None:
    house.open_everything()
    with raw.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount == 1
    with pytest.raises(CannotOpen):
        house.open_everything()


def test_a_value_of_another_row_is_refused(house: House, raw: psycopg2.extensions.connection) -> None:
    with db.transaction() as session:
        other = session.get_one(Order, house.order_id)
        session.expunge(other)
        address = other.ship_to
    with pytest.raises(CannotOpen):
        address_of(address, "orders", uuid4())


def rotate() -> dict[str, int]:
    """What ``crossdock keys rotate`` says it did."""
    outcome = CliRunner().invoke(main, ["keys", "rotate"])
    assert outcome.exit_code == 0, outcome.output
    lines = (line.removesuffix(" sealed again").rsplit(": ", 1) for line in outcome.output.splitlines())
    return {place: int(count) for place, count in lines}


def numbers(raw: psycopg2.extensions.connection) -> set[int]:
    """The keys that sealed what is stored."""
    found: set[int] = set()
    with raw.cursor() as cursor:
        for model, column, _ in SEALED:
            cursor.execute(f"select {column} from {model.__tablename__} where {column} is not null")
            found |= {key_number(value) for (value,) in cursor.fetchall()}
    return found


def test_rotating_seals_everything_again_and_then_the_new_key_is_enough(
    house: House, raw: psycopg2.extensions.connection, set_up: Callable[..., None]
) -> None:
    before = house.open_everything()
    set_up(encryption_keys=written(1, 2))
    assert house.open_everything() == before
    done = rotate()
    assert set(done) == {f"{model.__tablename__}.{column}" for model, column, _ in SEALED}
    assert all(done.values())
    assert numbers(raw) == {2}
    assert set(rotate().values()) == {0}
    set_up(encryption_keys=written(2))
    assert house.open_everything() == before
    assert set(rotate().values()) == {0}
    set_up(encryption_keys=written(1))
    with pytest.raises(CannotOpen):
        house.open_everything()


def test_rotating_goes_through_more_rows_than_one_batch(
    house: House, raw: psycopg2.extensions.connection, set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.privacy.rotation._BATCH", 3)
    with db.transaction() as session:
        recipients = [f"person{number}@shop.example" for number in range(10)]
        queue_email(session, recipients, Letter(subject="Hello", paragraphs=["."]), kind="test", dedupe="many")
    set_up(encryption_keys=written(1, 2))
    assert rotate()["emails.recipient"] >= 11
    assert numbers(raw) == {2}


@pytest.fixture
def held(database_url: str) -> Iterator[psycopg2.extensions.connection]:
    """Somebody who holds the last table's row: rotation comes to it when all else is done."""
    connection = psycopg2.connect(database_url)
    with connection.cursor() as cursor:
        cursor.execute("select id from purchase_orders for update")
    yield connection
    connection.rollback()
    connection.close()


def test_a_row_that_somebody_holds_is_waited_for_and_not_left_out(
    house: House,
    raw: psycopg2.extensions.connection,
    held: psycopg2.extensions.connection,
    set_up: Callable[..., None],
    database_url: str,
) -> None:
    set_up(encryption_keys=written(1, 2))
    done: dict[str, int] = {}
    thread = Thread(target=lambda: done.update(rotate()))
    thread.start()
    wait_for_lock(database_url, "rotation comes to the held row", ended=lambda: not thread.is_alive())
    held.rollback()
    thread.join(30)
    assert done["purchase_orders.ship_to"] == 1
    assert numbers(raw) == {2}


def test_rotation_that_is_cut_off_in_the_middle_completes_when_it_is_run_again(
    house: House,
    raw: psycopg2.extensions.connection,
    held: psycopg2.extensions.connection,
    set_up: Callable[..., None],
    database_url: str,
) -> None:
    before = house.open_everything()
    set_up(encryption_keys=written(1, 2))
    process = subprocess.Popen(
        [sys.executable, "-m", "launch.cli", "keys", "rotate"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": config.settings().database_url, "REDIS_URL": config.settings().redis_url},
        stdout=subprocess.DEVNULL,
    )
    wait_for_lock(database_url, "rotation comes to the held row", ended=lambda: process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    held.rollback()
    assert numbers(raw) == {1, 2}
    assert house.open_everything() == before
    done = rotate()
    assert (done.pop("purchase_orders.ship_to"), done.pop("purchase_orders.sender")) == (1, 1)
    assert set(done.values()) == {0}
    assert numbers(raw) == {2}
    set_up(encryption_keys=written(2))
    assert house.open_everything() == before


def test_a_new_key_is_printed_in_the_form_of_the_setting() -> None:
    printed = {CliRunner().invoke(main, ["keys", "new", "7"]).output.strip() for _ in range(2)}
    assert len(printed) == 2
    assert [KeyRing.parse(one).current for one in printed] == [7, 7]
