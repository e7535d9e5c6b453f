"""A supplier's choice of how purchase orders reach it, and how the channel does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.db import current_scope
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import AdapterError, CredentialsRefused, Invalid, NotFound, RateLimited, Rejected
from app.kit.texts import marked as _
from app.notifications.service import resolve
from app.outbox.service import emit
from app.purchasing.channel import ChannelSettings, SupplierChannel
from app.purchasing.events import ChannelFailing
from app.purchasing.models import ChannelSetting, Transmission
from app.purchasing.schedule import AT_ONCE, LONGEST_CUTOFF, MOST_TIMES, Schedule
from app.purchasing.transmission_rules import FAILS_FOR_GOOD, NOT_RECEIVED, QUEUED, TOLD_AFTER

#: How a supplier is told that has chosen nothing.
DEFAULT_CHANNEL = "email"
#: While a signing secret is changed, the one before goes on, until then.
PREVIOUS_SECRET, PREVIOUS_UNTIL = "previous_signing_secret", "previous_until"
OVERLAP = timedelta(days=1)
_LONGEST = {"secret_text": 20_000, "long_text": 20_000}
#: The mark that holds the number of a message which ``put_away`` has still to send.
OWED = "owed_number"
_LONGEST_VALUE = 2_000


def choose_channel(
    session: Session,
    supplier_id: UUID,
    channel: SupplierChannel,
    given: Mapping[str, str],
    *,
    schedule: Schedule = AT_ONCE,
    made: Mapping[str, str] | None = None,
) -> ChannelSetting:
    """Take a supplier's choice with what its form says. An empty secret keeps the one that is known; where a setting
    that is an address changes, secrets are needed anew: none is ever sent to an address that it was not given for.
    ``made``: secrets that we made ourselves. What waits to be sent goes by the new choice. Raises ``Invalid``."""
    row = setting_of(session, supplier_id, lock=True)
    known = settings_of(row) if row is not None and row.channel == channel.name else None
    values, secrets = _read(channel, given, known, made or {})
    settings = ChannelSettings(supplier_id=str(supplier_id), values=values, secrets=secrets)
    channel.check(settings)
    _check_schedule(schedule)
    now = clock.now()
    if row is None:
        row = ChannelSetting(supplier_id=supplier_id, created_at=now, marks={})
        session.add(row)
    if known is None or _moved(channel, values, known):
        row.marks = {}
    row.channel, row.values, row.schedule = channel.name, values, schedule.as_json()
    row.secrets = _sealed(supplier_id, "secrets", orjson.dumps(secrets)) if secrets else None
    row.changed_by, row.updated_at = current_scope().actor, now
    row.next_poll_at = now if channel.poll_minutes else None
    _well(session, row)
    session.flush()
    if known is None:
        _send_by(session, supplier_id, channel.name)
    audit.record(
        session, supplier_id, "purchasing.channel_chosen", "supplier", supplier_id, details={"channel": channel.name}
    )
    return row


def renew_secret(session: Session, supplier_id: UUID, name: str, secret: str) -> None:
    """Sign with another secret from now on, and for a day with the one before as well. Raises ``NotFound``."""
    row = setting_of(session, supplier_id, lock=True)
    if row is None:
        raise NotFound("channel")
    secrets = dict(settings_of(row).secrets)
    secrets |= {PREVIOUS_SECRET: secrets.get(name, ""), name: secret}
    row.values = {**row.values, PREVIOUS_UNTIL: clock.iso(clock.now() + OVERLAP)}
    row.secrets = _sealed(supplier_id, "secrets", orjson.dumps(secrets))
    audit.record(session, supplier_id, "purchasing.channel_secret_renewed", "supplier", supplier_id)


def setting_of(session: Session, supplier_id: UUID, *, lock: bool = False) -> ChannelSetting | None:
    """A supplier's choice; None while it has made none."""
    query = select(ChannelSetting).where(ChannelSetting.supplier_id == supplier_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def settings_of(row: ChannelSetting) -> ChannelSettings:
    """The settings with their secrets in the clear, for the adapter."""
    secrets = {}
    if row.secrets is not None:
        secrets = orjson.loads(key_ring().open(row.secrets, _place(row.supplier_id, "secrets")))
    return ChannelSettings(
        supplier_id=str(row.supplier_id), values=dict(row.values), secrets=secrets, marks=dict(row.marks)
    )


def problem_of(row: ChannelSetting) -> str:
    """What is wrong with the channel, in a sentence; empty when nothing is."""
    return "" if row.words is None else key_ring().open(row.words, _place(row.supplier_id, "words")).decode()


def take_number(session: Session, supplier_id: UUID) -> int:
    """The next number for a message (``Sending.sequence``); 0 for a supplier that has chosen nothing."""
    row = setting_of(session, supplier_id, lock=True)
    if row is None:
        return 0
    row.sequence += 1
    return row.sequence


def note_brought(
    session: Session, supplier_id: UUID, channel: str, marks: Mapping[str, str], *, owes: bool
) -> ChannelSettings:
    """What a poll brought is written down for good. ``owes``: something is to be sent for it; its number is taken and
    kept in the same transaction, so that none is left out and none is used twice. Returns the settings as they are
    now. Raises ``NotFound`` where the supplier has chosen another channel meanwhile."""
    row = setting_of(session, supplier_id, lock=True)
    if row is None or row.channel != channel:
        raise NotFound("channel")
    row.marks = {**row.marks, **marks}
    if owes and not row.marks.get(OWED):
        row.sequence += 1
        row.marks = {**row.marks, OWED: str(row.sequence)}
    session.flush()
    return settings_of(row)


def forget_host_key(session: Session, supplier_id: UUID) -> None:
    """The supplier's server was set up anew: the key that it shows next is remembered."""
    row = setting_of(session, supplier_id, lock=True)
    if row is None or "host_key" not in row.marks:
        return
    row.marks = {name: value for name, value in row.marks.items() if name != "host_key"}
    row.next_poll_at = clock.now() if row.next_poll_at is not None else None
    audit.record(session, supplier_id, "purchasing.host_key_forgotten", "supplier", supplier_id)


def note_worked(session: Session, supplier_id: UUID, marks: Mapping[str, str] | None = None) -> None:
    """A message, a poll or a test went well. ``marks`` are remembered beside those that are known."""
    row = setting_of(session, supplier_id, lock=True)
    if row is None:
        return
    if marks:
        row.marks = {**row.marks, **marks}
    _well(session, row)
    row.worked_at = clock.now()


def note_tested(session: Session, supplier_id: UUID) -> None:
    """A test went well; what waits is tried at once."""
    note_worked(session, supplier_id)
    row = setting_of(session, supplier_id, lock=True)
    if row is None:
        return
    row.tested_at = clock.now()
    session.execute(
        update(Transmission)
        .where(Transmission.supplier_id == supplier_id, Transmission.state == QUEUED, Transmission.tries > 0)
        .values(due_at=clock.now())
    )


def note_failed(session: Session, supplier_id: UUID, error: AdapterError) -> None:
    """It went wrong. The supplier is told after three times in a row, or at once where waiting mends nothing."""
    row = setting_of(session, supplier_id, lock=True)
    if row is None:
        return
    now = clock.now()
    row.failing_since = row.failing_since or now
    row.failures += 1
    row.problem, words = code_of(error), in_words(error)
    row.words = _sealed(supplier_id, "words", words.encode())
    if row.failures == (1 if row.problem in FAILS_FOR_GOOD else TOLD_AFTER):
        emit(session, ChannelFailing(supplier_id=supplier_id))


def code_of(error: AdapterError) -> str:
    """A stable word for a failure."""
    if isinstance(error, Rejected):
        return "rejected"
    if isinstance(error, CredentialsRefused):
        return "access_refused"
    return "rate_limited" if isinstance(error, RateLimited) else "no_answer"


def in_words(error: AdapterError) -> str:
    """What went wrong, for the supplier."""
    if isinstance(error, Rejected):
        return error.message
    if isinstance(error, CredentialsRefused):
        return _("Your system refuses our sign-in. Check the user name and the password, key or token.")
    if isinstance(error, RateLimited):
        return _("Your system asks to be called less often.")
    return _("Your system did not answer in time.")


def trouble(supplier_id: UUID) -> str:
    """What the notice of a channel's trouble is known by."""
    return f"channel:{supplier_id}"


def _well(session: Session, row: ChannelSetting) -> None:
    """Nothing is known to be wrong."""
    if row.failing_since is not None:
        resolve(session, row.supplier_id, trouble(row.supplier_id))
    row.failing_since, row.failures, row.problem, row.words = None, 0, None, None


def _send_by(session: Session, supplier_id: UUID, channel: str) -> None:
    """What no call was made for goes by another channel from now on. What is in doubt can't be asked about any more by
    machine: the next look finds no way and asks a person."""
    session.execute(
        update(Transmission)
        .where(Transmission.supplier_id == supplier_id, Transmission.state.in_((QUEUED, NOT_RECEIVED)))
        .values(channel=channel, dispatch_id=None, state=QUEUED, due_at=clock.now())
    )


def _read(
    channel: SupplierChannel, given: Mapping[str, str], known: ChannelSettings | None, made: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The values and the secrets of a form."""
    values: dict[str, str] = {}
    secrets: dict[str, str] = dict(made)
    for one in channel.form:
        text = given.get(one.name, "").strip()
        if len(text) > _LONGEST.get(one.kind, _LONGEST_VALUE):
            raise Invalid.field(one.name, "too_long", "That is too long.")
        if one.kind == "choice" and text and text not in {value for value, _label in one.choices}:
            raise Invalid.field(one.name, "unknown", "Choose one of the list.")
        if one.kind == "yes_no":
            text = "yes" if text else ""
        if one.is_secret:
            if text and one.kind != "signing_secret":
                secrets[one.name] = text
        elif text or one.default:
            values[one.name] = text or one.default
    if known is None:
        return values, secrets
    for name in (PREVIOUS_SECRET, PREVIOUS_UNTIL):
        if name in known.secrets:
            secrets[name] = known.secrets[name]
        if name in known.values:
            values[name] = known.values[name]
    moved = _moved(channel, values, known)
    for one in channel.form:
        before = known.secrets.get(one.name)
        if not one.is_secret or not before or one.name in secrets:
            continue
        if moved and one.kind != "signing_secret":
            message = "The address is another one: give this again."
            raise Invalid.field(one.name, "needed_again", message)
        secrets[one.name] = before
    return values, secrets


def _moved(channel: SupplierChannel, values: Mapping[str, str], known: ChannelSettings) -> bool:
    """Whether a setting that is an address is another one than before."""
    return any(values.get(one.name) != known.values.get(one.name) for one in channel.form if one.is_address)


def _check_schedule(schedule: Schedule) -> None:
    if schedule.days and not schedule.times:
        raise Invalid.field("times", "required", "Say at which times, such as 10:00, 15:00.")
    if schedule.times and not schedule.days:
        raise Invalid.field("days", "required", "Choose at least one day.")
    if len(set(schedule.times)) > MOST_TIMES:
        raise Invalid.field("times", "too_many", f"At most {MOST_TIMES} times a day.")
    if not timedelta() <= schedule.cutoff <= LONGEST_CUTOFF:
        raise Invalid.field("cutoff_minutes", "out_of_range", "From 0 minutes to 12 hours.")


def _sealed(supplier_id: UUID, column: str, text: bytes) -> bytes:
    return key_ring().seal(text, _place(supplier_id, column))


def _place(supplier_id: UUID, column: str) -> Place:
    return Place("channel_settings", column, supplier_id)
