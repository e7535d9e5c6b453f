"""API keys: shown once, kept as a keyed hash, and good for their scopes, networks and life only."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import config, db
from app.audit.models import AuditEvent
from app.identity.models import ApiKey
from app.identity.queries import api_keys
from app.identity.rules import API_KEY_LIFE, API_KEY_NOTICES, SCOPES_OF_KIND, address_allowed, notice_due
from app.identity.service import create_organisation, issue_key, principal_of_key, revoke_key, rotate_key
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from tests import factories as make
from tests.adapters.settings import set_up

__all__ = ["set_up"]


def test_a_key_opens_the_api_for_its_organisation_with_its_scopes(session: Session) -> None:
    retailer = make.retailer(session)
    row, secret = issue_key(session, retailer.id, name=" My shop ", scopes=["read:orders", "read:orders"])
    found = principal_of_key(session, secret)
    assert found is not None
    principal, networks, ends = found
    assert (principal.organisation_id, principal.actor, principal.name) == (retailer.id, f"key:{row.id}", "My shop")
    assert principal.may("read:orders")
    assert not principal.may("write:orders")
    assert networks == []
    assert ends == row.expires_at


@pytest.mark.usefixtures("committed", "system")
def test_the_key_is_shown_once_and_not_to_be_found_in_the_database(database_url: str) -> None:
    with db.transaction() as session:
        retailer = make.retailer(session)
        row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
        key_id, body = row.id, secret.removeprefix("cd_live_")
    assert re.fullmatch(r"cd_live_[A-Za-z0-9_-]{43}[0-9a-f]{8}", secret)
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"select t::text from {table} t")
            for (text,) in cursor.fetchall():
                for form in (secret, body, secret.encode().hex(), body.encode().hex()):
                    assert form not in text, table
        cursor.execute("select prefix, octet_length(secret_hash) from api_keys where id = %s", (str(key_id),))
        assert cursor.fetchone() == (secret[:14], 32)
    connection.close()


def test_the_stored_hash_is_worth_nothing_without_the_secret_key(session: Session, set_up: Callable[..., None]) -> None:
    retailer = make.retailer(session)
    _, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    assert principal_of_key(session, secret) is not None
    set_up(secret_key="another secret key of this installation")
    assert config.settings().secret_key.get_secret_value().startswith("another")
    assert principal_of_key(session, secret) is None


def test_each_key_is_another(session: Session) -> None:
    retailer = make.retailer(session)
    made = {issue_key(session, retailer.id, name="shop", scopes=["read:orders"])[1] for _ in range(20)}
    assert len(made) == 20


def test_what_is_not_exactly_the_key_opens_nothing(session: Session) -> None:
    retailer = make.retailer(session)
    row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    body = secret[len("cd_live_") : -8]
    other = body[:-1] + ("A" if body[-1] != "A" else "B")
    for wrong in (
        "",
        secret[:-1],
        secret + "0",
        " " + secret,
        secret.upper(),
        f"cd_live_{other}{zlib.crc32(other.encode()):08x}",
        row.prefix,
        row.secret_hash.hex(),
        "cd_live_" + "x" * 10_000,
    ):
        assert principal_of_key(session, wrong) is None


@pytest.mark.parametrize("kind", ["retailer", "supplier", "platform"])
def test_a_kind_of_organisation_gets_its_own_scopes_only(session: Session, kind: str) -> None:
    organisation = create_organisation(session, kind=kind, name="One", country="US", currency="USD")
    everything = {scope for scopes in SCOPES_OF_KIND.values() for scope in scopes}
    _, secret = issue_key(session, organisation.id, name="all", scopes=SCOPES_OF_KIND[kind])
    found = principal_of_key(session, secret)
    assert found is not None
    assert found[0].permissions == set(SCOPES_OF_KIND[kind])
    for scope in everything - set(SCOPES_OF_KIND[kind]):
        with pytest.raises(Invalid) as refused:
            issue_key(session, organisation.id, name="more", scopes=[SCOPES_OF_KIND[kind][0], scope])
        assert [(error.field, error.code) for error in refused.value.errors] == [("scopes", "unknown_scope")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["team.write"]}, "scopes"),
        ({"name": "  "}, "name"),
        ({"allowed_ips": ["10.0.0.0/8", "somewhere"]}, "allowed_ips"),
        ({"allowed_ips": ["10.0.0.0/33"]}, "allowed_ips"),
        ({"allowed_ips": [""]}, "allowed_ips"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_with_the_field(
    session: Session, change: dict[str, list[str]], field: str
) -> None:
    retailer = make.retailer(session)
    with pytest.raises(Invalid) as refused:
        issue_key(session, retailer.id, **{"name": "shop", "scopes": ["read:orders"], **change})
    assert [error.field for error in refused.value.errors] == [field]
    assert session.scalar(select(func.count()).select_from(ApiKey)) == 0


def test_a_key_names_the_networks_it_may_be_used_from(session: Session) -> None:
    retailer = make.retailer(session)
    networks = ["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"]
    _, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"], allowed_ips=networks)
    found = principal_of_key(session, secret)
    assert found is not None
    assert found[1] == networks


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("203.0.113.9", True),
        ("203.0.114.9", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("2001:db8:1::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("unknown", False),
        ("203.0.113.9, 10.0.0.1", False),
    ],
)
def test_an_address_counts_only_within_one_of_the_networks(address: str, allowed: bool) -> None:
    assert address_allowed(address, ["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"]) is allowed
    assert address_allowed(address, [])


def test_a_key_ends_when_its_life_is_over(session: Session) -> None:
    retailer = make.retailer(session)
    _, lasting = issue_key(session, retailer.id, name="usual", scopes=["read:orders"])
    _, short = issue_key(session, retailer.id, name="short", scopes=["read:orders"], life=timedelta(days=1))
    with clock.shifted(timedelta(days=1, seconds=-5)):
        assert principal_of_key(session, short) is not None
    with clock.shifted(timedelta(days=1, seconds=5)):
        assert principal_of_key(session, short) is None
        assert principal_of_key(session, lasting) is not None
    with clock.shifted(API_KEY_LIFE + timedelta(seconds=5)):
        assert principal_of_key(session, lasting) is None


def test_a_revoked_key_is_over_at_once_and_stays_in_the_list(session: Session) -> None:
    retailer = make.retailer(session)
    row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    _, kept = issue_key(session, retailer.id, name="kept", scopes=["read:orders"])
    revoke_key(session, retailer.id, row.id)
    ended = row.revoked_at
    assert principal_of_key(session, secret) is None
    assert principal_of_key(session, kept) is not None
    with clock.shifted(timedelta(hours=1)):
        revoke_key(session, retailer.id, row.id)
    assert row.revoked_at == ended
    assert {key.name: key.revoked_at is not None for key in api_keys(session, retailer.id)} == {
        "shop": True,
        "kept": False,
    }


def test_nobody_revokes_a_key_of_another_organisation(session: Session) -> None:
    retailer, other = make.retailer(session), make.retailer(session, "Contoso")
    row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    with pytest.raises(NotFound):
        revoke_key(session, other.id, row.id)
    with pytest.raises(NotFound):
        revoke_key(session, retailer.id, uuid4())
    assert principal_of_key(session, secret) is not None


def test_using_a_key_is_noted_to_the_minute(session: Session) -> None:
    retailer = make.retailer(session)
    row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    assert row.last_used_at is None
    principal_of_key(session, secret)
    first = row.last_used_at
    assert first is not None
    with clock.shifted(timedelta(seconds=30)):
        principal_of_key(session, secret)
    assert row.last_used_at == first
    with clock.shifted(timedelta(seconds=90)):
        principal_of_key(session, secret)
    assert row.last_used_at > first + timedelta(seconds=60)


def test_issuing_and_revoking_are_in_the_audit_log_without_the_key(session: Session) -> None:
    retailer = make.retailer(session)
    row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    revoke_key(session, retailer.id, row.id)
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.object_id == str(row.id)).order_by(AuditEvent.id)
    ).all()
    assert [event.action for event in events] == ["identity.key_issued", "identity.key_revoked"]
    assert events[0].details == {"scopes": ["read:orders"]}
    assert not any(secret in str(vars(event)) for event in events)
    assert all(event.actor == "test" for event in events)


def test_a_key_is_replaced_and_goes_on_for_the_chosen_while(session: Session) -> None:
    retailer = make.retailer(session)
    networks = ["203.0.113.0/24"]
    old, old_secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"], allowed_ips=networks)
    new, new_secret = rotate_key(session, retailer.id, old.id, overlap=timedelta(days=3))
    assert (new.name, new.scopes, new.allowed_ips) == ("shop", ["read:orders"], networks)
    assert new.expires_at - new.created_at == API_KEY_LIFE
    for moment, alive in ((timedelta(0), True), (timedelta(days=3, seconds=-5), True), (timedelta(days=3), False)):
        with clock.shifted(moment):
            assert (principal_of_key(session, old_secret) is not None) is alive
            assert principal_of_key(session, new_secret) is not None
    with pytest.raises(Conflict) as refused:
        rotate_key(session, retailer.id, old.id, overlap=timedelta(0))
    assert refused.value.code == "key_replaced"


def test_replacing_never_lengthens_a_keys_life(session: Session) -> None:
    retailer = make.retailer(session)
    old, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"], life=timedelta(hours=2))
    rotate_key(session, retailer.id, old.id, overlap=timedelta(days=30))
    with clock.shifted(timedelta(hours=2, seconds=5)):
        assert principal_of_key(session, secret) is None


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=30, seconds=1)])
def test_an_overlap_beyond_thirty_days_is_refused(session: Session, overlap: timedelta) -> None:
    retailer = make.retailer(session)
    old, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    with pytest.raises(Invalid):
        rotate_key(session, retailer.id, old.id, overlap=overlap)
    assert principal_of_key(session, secret) is not None


def test_what_has_ended_or_is_anothers_is_not_replaced(session: Session) -> None:
    retailer, other = make.retailer(session), make.retailer(session, "Contoso")
    row, _ = issue_key(session, retailer.id, name="shop", scopes=["read:orders"])
    with pytest.raises(NotFound):
        rotate_key(session, other.id, row.id, overlap=timedelta(0))
    revoke_key(session, retailer.id, row.id)
    with pytest.raises(Conflict) as refused:
        rotate_key(session, retailer.id, row.id, overlap=timedelta(0))
    assert refused.value.code == "key_ended"


def test_a_use_from_elsewhere_is_not_noted_as_one(session: Session) -> None:
    retailer = make.retailer(session)
    row, secret = issue_key(session, retailer.id, name="shop", scopes=["read:orders"], allowed_ips=["203.0.113.0/24"])
    principal_of_key(session, secret, "198.51.100.1")
    assert row.last_used_at is None
    principal_of_key(session, secret, "203.0.113.1")
    assert row.last_used_at is not None


@given(st.lists(st.integers(0, 30 * 24), max_size=40).map(sorted))
def test_however_often_a_keys_end_is_looked_at_each_notice_is_due_once(hours: list[int]) -> None:
    end, told, sent = 30 * 24, None, []
    for hour in hours:
        due = notice_due(timedelta(hours=end - hour), told)
        if due is not None:
            sent.append(due)
            told = due
            assert end - hour <= due * 24
    assert sent == sorted(set(sent), reverse=True)
    assert set(sent) <= set(API_KEY_NOTICES)
    nearest = [day for day in API_KEY_NOTICES if any(end - day * 24 <= hour < end for hour in hours)]
    assert (min(sent) if sent else None) == (min(nearest) if nearest else None)
