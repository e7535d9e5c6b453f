"""Memberships: an organisation always has an owner, and its members have roles of its kind."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.audit.models import AuditEvent
from app.identity.models import Organisation, UserSession
from app.identity.queries import members, organisations_of, recipients
from app.identity.rules import ROLES, ROLES_OF_KIND
from app.identity.service import (
    add_member,
    change_role,
    create_organisation,
    create_user,
    principal_of_session,
    remove_member,
    start_session,
)
from app.kit.errors import AppError, Conflict, Invalid, NotFound, Unauthenticated
from tests import factories as make

KINDS = sorted(ROLES_OF_KIND)


def organisation(session: Session, kind: str) -> Organisation:
    """An organisation of this kind without members."""
    return create_organisation(session, kind=kind, name=f"A {kind}", country="US", currency="USD")


def roles(session: Session, organisation_id: UUID) -> dict[UUID, str]:
    """Who has which role."""
    session.flush()
    return {member.user_id: member.role for member in members(session, organisation_id)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_owner_can_not_be_removed(session: Session, kind: str) -> None:
    where, owner = organisation(session, kind), ROLES_OF_KIND[kind][0]
    only = make.member(session, where, owner)
    make.member(session, where, ROLES_OF_KIND[kind][-1])
    with pytest.raises(Conflict) as refused:
        remove_member(session, where.id, only.id)
    assert refused.value.code == "last_owner"
    assert roles(session, where.id)[only.id] == owner


@pytest.mark.parametrize(("kind", "role"), [(kind, role) for kind in KINDS for role in ROLES_OF_KIND[kind][1:]])
def test_the_last_owner_can_not_be_demoted(session: Session, kind: str, role: str) -> None:
    where, owner = organisation(session, kind), ROLES_OF_KIND[kind][0]
    only = make.member(session, where, owner)
    with pytest.raises(Conflict) as refused:
        change_role(session, where.id, only.id, role)
    assert refused.value.code == "last_owner"
    change_role(session, where.id, only.id, owner)
    assert roles(session, where.id) == {only.id: owner}


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_two_owners_may_go_and_then_the_other_stays(session: Session, kind: str) -> None:
    where, (owner, *_, least) = organisation(session, kind), ROLES_OF_KIND[kind]
    first, second = make.member(session, where, owner), make.member(session, where, owner)
    change_role(session, where.id, first.id, least)
    with pytest.raises(Conflict):
        remove_member(session, where.id, second.id)
    change_role(session, where.id, first.id, owner)
    remove_member(session, where.id, second.id)
    assert roles(session, where.id) == {first.id: owner}


def test_an_owner_elsewhere_does_not_count(session: Session) -> None:
    here, there = make.retailer(session, "Here"), make.retailer(session, "There")
    only = make.member(session, here, "retailer_owner")
    add_member(session, there.id, only.id, "retailer_owner")
    make.member(session, there, "retailer_owner")
    with pytest.raises(Conflict):
        remove_member(session, here.id, only.id)
    remove_member(session, there.id, only.id)
    assert [found.id for found in organisations_of(session, only.id)] == [here.id]


@pytest.mark.parametrize(
    "leave",
    [
        lambda session, where, who: remove_member(session, where, who),
        lambda session, where, who: change_role(session, where, who, "retailer_manager"),
    ],
    ids=["leaving", "stepping down"],
)
@pytest.mark.usefixtures("committed", "system")
def test_two_owners_who_go_at_the_same_moment_leave_one_behind(leave: Callable[[Session, UUID, UUID], None]) -> None:
    with db.transaction() as session:
        where = make.retailer(session).id
        owners = [make.member(session, session.get_one(Organisation, where), "retailer_owner").id for _ in range(2)]
    together, refused = Barrier(2), list[str]()

    def go(who: UUID) -> None:
        try:
            with db.system_scope(actor="test"), db.transaction() as session:
                together.wait(20)
                leave(session, where, who)
                session.flush()
        except AppError as error:
            refused.append(error.code)

    threads = [Thread(target=go, args=(who,)) for who in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with db.transaction() as session:
        assert list(roles(session, where).values()).count("retailer_owner") == 1
    assert refused == ["last_owner"]


@pytest.mark.parametrize("kind", KINDS)
def test_members_have_roles_of_their_organisations_kind_only(session: Session, kind: str) -> None:
    where = organisation(session, kind)
    owner = make.member(session, where, ROLES_OF_KIND[kind][0])
    make.member(session, where, ROLES_OF_KIND[kind][0])
    person = create_user(session, email="new@example.com", name="New")
    for role in {*ROLES, "owner", ""} - set(ROLES_OF_KIND[kind]):
        for attempt in (add_member, change_role):
            with pytest.raises(Invalid) as refused:
                attempt(session, where.id, person.id if attempt is add_member else owner.id, role)
            assert [(error.field, error.code) for error in refused.value.errors] == [("role", "unknown_role")]
    for role in ROLES_OF_KIND[kind]:
        change_role(session, where.id, owner.id, role)
        assert roles(session, where.id)[owner.id] == role


def test_every_role_belongs_to_one_kind() -> None:
    assert sorted(role for names in ROLES_OF_KIND.values() for role in names) == sorted(ROLES)


def test_only_owners_manage_people_and_keys() -> None:
    owners = {names[0] for names in ROLES_OF_KIND.values()}
    for permission in ("team.write", "keys.write"):
        assert {role for role, permissions in ROLES.items() if permission in permissions} == owners


def test_a_person_is_a_member_once(session: Session) -> None:
    where = make.retailer(session)
    person = make.member(session, where, "retailer_owner")
    with pytest.raises(Conflict) as refused:
        add_member(session, where.id, person.id, "retailer_manager")
    assert refused.value.code == "already_member"
    assert roles(session, where.id) == {person.id: "retailer_owner"}


def test_a_stranger_is_no_member_to_change_or_remove(session: Session) -> None:
    here, there = make.retailer(session, "Here"), make.retailer(session, "There")
    stranger = make.member(session, there, "retailer_manager")
    with pytest.raises(NotFound):
        change_role(session, here.id, stranger.id, "retailer_owner")
    with pytest.raises(NotFound):
        remove_member(session, here.id, stranger.id)
    assert roles(session, there.id) == {stranger.id: "retailer_manager"}


def test_whoever_is_removed_is_signed_out_there_and_nowhere_else(session: Session) -> None:
    here, there = make.retailer(session, "Here"), make.retailer(session, "There")
    make.member(session, here, "retailer_owner")
    person = make.member(session, here, "retailer_manager")
    add_member(session, there.id, person.id, "retailer_manager")
    tokens = {where.id: start_session(session, person, where.id, browser="Firefox") for where in (here, there)}
    remove_member(session, here.id, person.id)
    session.flush()
    assert principal_of_session(session, tokens[here.id]) is None
    kept = principal_of_session(session, tokens[there.id])
    assert kept is not None
    assert kept.organisation_id == there.id
    with pytest.raises(Unauthenticated):
        start_session(session, person, here.id, browser="Firefox")
    ended = session.scalars(select(UserSession.ended_at).where(UserSession.organisation_id == here.id)).all()
    assert None not in ended


def test_a_new_role_counts_from_the_next_request(session: Session) -> None:
    where = make.retailer(session)
    make.member(session, where, "retailer_owner")
    person = make.member(session, where, "retailer_manager")
    token = start_session(session, person, where.id, browser="Firefox")
    before = principal_of_session(session, token)
    change_role(session, where.id, person.id, "retailer_readonly")
    session.flush()
    after = principal_of_session(session, token)
    assert before is not None
    assert after is not None
    assert (before.may("orders.write"), after.may("orders.write")) == (True, False)


def test_letters_go_to_members_who_hold_the_permission(session: Session) -> None:
    where = make.retailer(session)
    make.member(session, where, "retailer_owner", email="owner@shop.example")
    make.member(session, where, "retailer_readonly", email="reader@shop.example")
    make.member(session, make.retailer(session, "There"), "retailer_owner", email="other@shop.example")
    assert recipients(session, where.id, "billing.write") == ["owner@shop.example"]
    assert sorted(recipients(session, where.id, "billing.read")) == ["owner@shop.example", "reader@shop.example"]


def test_changes_of_members_are_in_the_audit_log(session: Session) -> None:
    where = make.retailer(session)
    make.member(session, where, "retailer_owner")
    person = make.member(session, where, "retailer_manager")
    change_role(session, where.id, person.id, "retailer_readonly")
    remove_member(session, where.id, person.id)
    events = session.execute(
        select(AuditEvent.action, AuditEvent.details)
        .where(AuditEvent.object_id == str(person.id))
        .order_by(AuditEvent.id)
    ).all()
    assert [(action, details) for action, details in events] == [
        ("identity.member_added", {"role": "retailer_manager"}),
        ("identity.role_changed", {"role": "retailer_readonly"}),
        ("identity.member_removed", {}),
    ]


@pytest.mark.parametrize("kind", ["customer", "", "Retailer"])
def test_an_organisation_is_of_a_known_kind(session: Session, kind: str) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        organisation(session, kind)
