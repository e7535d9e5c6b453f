"""A supplier's own system: each purchase order is posted to its address, signed as Standard Webhooks has it. It answers
by our API, or by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from app import config
from app.adapters._addresses import AddressGuard
from app.adapters._guarded_http import Answered, GuardedHttp
from app.adapters._http import retry_after
from app.adapters.channels.api.translate import (
    CANCELLED,
    CREATED,
    TEST,
    change_kind,
    message,
    order,
    reply,
    requested,
    said,
    still_wanted,
    words,
)
from app.kit import clock
from app.kit.errors import CredentialsRefused, Invalid, RateLimited, Rejected, Unavailable
from app.kit.texts import marked as _
from app.purchasing.channel import (
    ChangeKind,
    ChangeNote,
    ChangeReply,
    ChannelSettings,
    Presence,
    Probed,
    PurchaseOrderNote,
    Sending,
    Setting,
    Stopping,
    SupplierChannel,
    Transmitted,
)
from app.webhooks.signing import signed_headers

#: One answer, and how much of it is read.
ANSWER_SECONDS = 20.0
KEPT_BYTES = 16 * 1024
_LATE = (408, 425)
_LONGEST_REFERENCE = 100


class Api(SupplierChannel):
    """The ``SupplierChannel`` port for a supplier's own address."""

    name = "api"
    label = _("Own system, by signed messages")
    summary = _("Each order is posted to your address at once. You answer and ship with our API.")
    form = (
        Setting(
            name="url",
            label=_("Address"),
            help=_("Where your system takes orders. It must begin with https://."),
            kind="url",
            example="https://erp.example.com/crossdock/orders",
            is_address=True,
        ),
        Setting(
            name="authorization",
            label=_("Authorization header"),
            help=_("Sent with each message, if your system wants one, such as Bearer and a token."),
            kind="secret",
            required=False,
        ),
        Setting(
            name="tells",
            label=_("The address tells which orders it has"),
            help=_(
                "If it does not answer in time, we ask it with ?number= before anything is sent again. Without this,"
                " you are asked."
            ),
            kind="yes_no",
            required=False,
        ),
        Setting(
            name="signing_secret",
            label=_("Signing secret"),
            help=_("Check each message's signature with it."),
            kind="signing_secret",
        ),
    )
    transmits = True
    needs_address = True
    cancels = True

    def check(self, settings: ChannelSettings) -> None:
        """The address has the form of one; where it leads is looked at when it is called."""
        super().check(settings)
        parts = urlsplit(settings.get("url"))
        plain = config.settings().environment != "production" and bool(config.settings().allowed_hosts)
        if parts.scheme not in (("https", "http") if plain else ("https",)) or not parts.hostname:
            raise Invalid.field("url", "url_refused", "The address must begin with https://.")
        if parts.username is not None or parts.query or parts.fragment:
            raise Invalid.field("url", "url_refused", "Leave user names, ? and # out of the address.")

    def test(self, settings: ChannelSettings) -> str:
        """A message of the type ``test`` is taken; where the address tells what it has, it does not have an order that
        is nobody's."""
        key = f"test:{settings.supplier_id}:{int(clock.now().timestamp())}"
        self._taken(self._post(settings, key, message(TEST, key, {})))
        if settings.get("tells"):
            number = "0000-TEST"
            if self._asked(settings, number, key) is not None:
                raise Rejected("tells_wrongly", f"The address says that it has the order {number}, which nobody sent.")
            return _("The address took a signed message, and says which orders it has.")
        return _("The address took a signed message.")

    def transmit(self, notes: Sequence[PurchaseOrderNote], settings: ChannelSettings, sending: Sending) -> Transmitted:
        """One purchase order; taken is received."""
        (note,) = notes
        answer = self._post(settings, sending.key, message(CREATED, sending.key, order(note)))
        # A system that knows the message or the number already says so.
        taken = said(answer.body) if answer.status == 409 else self._taken(answer)
        return Transmitted(_reference(taken), confirmed=True)

    def probe(self, note: PurchaseOrderNote, settings: ChannelSettings, sending: Sending) -> Probed:
        """Asks the address, where it tells."""
        if not settings.get("tells"):
            return Probed(Presence.CANNOT_TELL)
        found = self._asked(settings, note.number, sending.key)
        return Probed(Presence.ABSENT) if found is None else Probed(Presence.FOUND, _reference(found))

    def cancel(self, note: PurchaseOrderNote, reference: str, settings: ChannelSettings, sending: Sending) -> Stopping:
        """``{"stopped": true}``, 409 where it is too late, anything else taken is an answer to come."""
        answer = self._post(settings, sending.key, message(CANCELLED, sending.key, still_wanted(note, reference)))
        if answer.status == 409:
            return Stopping.REFUSED
        stopped = self._taken(answer).get("stopped")
        if stopped is None:
            return Stopping.ASKED
        return Stopping.STOPPED if stopped else Stopping.REFUSED

    def takes(self, kind: ChangeKind, settings: ChannelSettings) -> bool:
        """Every system is asked; one that does not know the message refuses it."""
        return True

    def ask(self, change: ChangeNote, reference: str, settings: ChannelSettings, sending: Sending) -> ChangeReply:
        """A message; 409 where it is too late. The supplier knows a repetition by its id, and answers by our API what
        it does not answer at once."""
        kind = change_kind(change)
        answer = self._post(settings, sending.key, message(kind, sending.key, requested(change, reference)))
        found = said(answer.body)
        if answer.status == 409:
            return reply({"reason": "packed", **found, "accepted": False})
        self._taken(answer)
        return reply(found)

    def _post(self, settings: ChannelSettings, key: str, body: bytes) -> Answered:
        headers = {"Content-Type": "application/json", **_headers(settings, key, body)}
        return _client().post(settings.get("url"), body, headers=headers, kept=KEPT_BYTES, total_seconds=ANSWER_SECONDS)

    def _taken(self, answer: Answered) -> dict[str, Any]:
        """What a message that was taken was answered with. Raises the four errors."""
        status, found = answer.status, said(answer.body)
        if 200 <= status < 300:
            return found
        if status in (401, 403):
            raise CredentialsRefused(f"status {status}")
        if status == 429:
            raise RateLimited("status 429", retry_after=retry_after(answer.headers))
        if status >= 500 or status in _LATE:
            raise Unavailable(f"status {status}")
        code = found.get("code")
        raise Rejected(code if isinstance(code, str) else f"http_{status}", words(found, status))

    def _asked(self, settings: ChannelSettings, number: str, key: str) -> dict[str, Any] | None:
        """What the address says of a number; None where it does not have it."""
        into = BytesIO()
        try:
            _client().fetch(
                f"{settings.get('url')}?{urlencode({'number': number})}",
                into=into,
                largest=KEPT_BYTES,
                total_seconds=ANSWER_SECONDS,
                secret_headers=_headers(settings, f"ask:{key}", b""),
            )
        except Rejected as error:
            if error.code == "http_404":
                return None
            raise
        return said(into.getvalue())


def _client() -> GuardedHttp:
    return GuardedHttp(AddressGuard(config.settings().allowed_hosts), read_seconds=ANSWER_SECONDS)


def _headers(settings: ChannelSettings, key: str, body: bytes) -> Mapping[str, str]:
    """The signature and what the supplier wants sent. While its secret is changed, both sign."""
    secrets = [settings.get("signing_secret")]
    until = settings.values.get("previous_until", "")
    if until and clock.now() < clock.parse_iso(until):
        secrets.append(settings.get("previous_signing_secret"))
    headers = signed_headers(key, int(clock.now().timestamp()), body, [one for one in secrets if one])
    authorization = settings.get("authorization")
    return {**headers, "Authorization": authorization} if authorization else headers


def _reference(found: Mapping[str, Any]) -> str:
    reference = found.get("reference")
    return reference[:_LONGEST_REFERENCE] if isinstance(reference, str) else ""
