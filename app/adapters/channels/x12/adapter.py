"""X12 as a channel: files of one interchange each, put into a partner's folder and taken from another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.adapters import _exchange
from app.adapters.channels.x12.orders import cancellation, purchase_order, requested
from app.adapters.channels.x12.receipts import CHANGES, ORDERS, receipt
from app.adapters.channels.x12.taking import Taken, take
from app.kit import clock, x12
from app.kit.errors import Invalid
from app.kit.money import is_currency
from app.kit.texts import marked as _
from app.kit.x12 import Partner
from app.purchasing.answers import Answers, Unreadable
from app.purchasing.channel import (
    Awaiting,
    ChangeKind,
    ChangeNote,
    ChangeReply,
    ChannelSettings,
    Handled,
    Presence,
    Probed,
    PurchaseOrderNote,
    Sending,
    Setting,
    Stopping,
    SupplierChannel,
    Transmitted,
)

#: Qualifiers of ids (data element I05) that trade uses.
_QUALIFIERS = (
    ("ZZ", _("ZZ: as agreed")),
    ("01", _("01: DUNS number")),
    ("08", _("08: UCC communications id")),
    ("12", _("12: phone number")),
    ("14", _("14: DUNS plus suffix")),
    ("16", _("16: DUNS with 4 characters")),
)


class X12(SupplierChannel):
    """The ``SupplierChannel`` port for X12 over SFTP."""

    name = "x12"
    label = _("EDI (X12 over SFTP)")
    summary = _("For systems that speak EDI: 850 and 860 go out, 855, 856 and 810 come in, and 997 both ways.")
    transmits = True
    needs_address = True
    poll_minutes = 5
    cancels = True
    form = (
        *_exchange.FORM,
        Setting(name="our_qualifier", label=_("Our id is a"), kind="choice", choices=_QUALIFIERS, default="ZZ"),
        Setting(name="our_id", label=_("Our id (ISA06)"), default="CROSSDOCK"),
        Setting(name="your_qualifier", label=_("Your id is a"), kind="choice", choices=_QUALIFIERS, default="ZZ"),
        Setting(name="your_id", label=_("Your id (ISA08)")),
        Setting(
            name="currency",
            label=_("Currency of invoices"),
            default="USD",
            help=_("Where an 810 names none."),
        ),
        Setting(
            name="test",
            label=_("Test interchanges (ISA15 is T)"),
            kind="yes_no",
            required=False,
            help=_("While you try it out. Test and real interchanges are never mixed."),
        ),
    )

    def check(self, settings: ChannelSettings) -> None:
        """By their form."""
        super().check(settings)
        _exchange.check(settings)
        for name in ("our_id", "your_id"):
            told = settings.get(name)
            if not 2 <= len(told) <= 15 or not told.isascii() or not told.isprintable() or set("*~>") & set(told):
                raise Invalid.field(name, "invalid_id", "An id has 2 to 15 letters and digits.")
        if settings.get("our_id") == settings.get("your_id"):
            raise Invalid.field("your_id", "same_id", "Your id differs from ours.")
        if not is_currency(settings.get("currency")):
            raise Invalid.field("currency", "unknown_currency", "A currency has three letters, such as USD.")

    def test(self, settings: ChannelSettings) -> str:
        """See the port."""
        return _exchange.test(settings)

    def transmit(self, notes: Sequence[PurchaseOrderNote], settings: ChannelSettings, sending: Sending) -> Transmitted:
        """An 850. The message's number is its control number, so a repetition is known by it."""
        documents = [("850", purchase_order(note)) for note in notes]
        return self._sent("850", ORDERS, documents, settings, sending)

    def probe(self, note: PurchaseOrderNote, settings: ChannelSettings, sending: Sending) -> Probed:
        """By the file."""
        name = _file_name(settings, "850", sending.sequence)
        found = _exchange.presence(settings, name)
        return Probed(found, name if found is Presence.FOUND else "")

    def cancel(self, note: PurchaseOrderNote, reference: str, settings: ChannelSettings, sending: Sending) -> Stopping:
        """An 860; the answer is another 855, or an 856 that shows that it was too late."""
        body = cancellation(note, sequence=sending.sequence, on=f"{clock.now():%Y%m%d}")
        self._sent("860", CHANGES, [("860", body)], settings, sending)
        return Stopping.ASKED

    def takes(self, kind: ChangeKind, settings: ChannelSettings) -> bool:
        """An 860 says both."""
        return True

    def ask(self, change: ChangeNote, reference: str, settings: ChannelSettings, sending: Sending) -> ChangeReply:
        """An 860, which an 865 answers. A file that stands there already is the same."""
        body = requested(change, sequence=sending.sequence, on=f"{clock.now():%Y%m%d}")
        sent = self._sent("860", CHANGES, [("860", body)], settings, sending)
        return ChangeReply(answer="asked", marks=sent.marks)

    def poll(self, settings: ChannelSettings, awaiting: Awaiting) -> Answers:
        """Read what stands in the folder. What is to be said of it in 997s is kept with the marks until it is sent."""
        looked = _exchange.look(settings, _exchange.remembered(settings))
        partner = _partner(settings)
        taken: list[Taken] = [take(one.name, one.content, partner, settings.get("currency")) for one in looked.files]
        unreadable = [one for result in taken for one in result.unreadable]
        unreadable += [
            Unreadable(key=f"x12:{mark}", source=name, problem="The file is too large to be an answer (5 MB at most).")
            for name, mark in looked.too_large
        ]
        receipts = [*_kept(settings, "receipts"), *(one for result in taken for one in result.receipts)]
        # What is between others, whose files stand in the same folder, stays for them.
        own = [one.name for one, result in zip(looked.files, taken, strict=True) if not result.foreign]
        done = [*_kept(settings, "done"), *own]
        marks = dict(
            _exchange.to_remember(
                looked, [*(one.mark for one in looked.files), *(mark for _n, mark in looked.too_large)]
            )
        )
        marks |= {"receipts": json.dumps(receipts), "done": json.dumps(done)}
        return Answers(
            answers=[one for result in taken for one in result.answers],
            unreadable=unreadable,
            marks=marks,
            more=looked.more,
            owes=bool(receipts),
        )

    def put_away(self, settings: ChannelSettings, handled: Sequence[Handled], sequence: int) -> Mapping[str, str]:
        """Send the 997s that are owed, in one interchange, and put the files away."""
        receipts = _kept(settings, "receipts")
        if receipts:
            documents = [("997", receipt(one)) for one in receipts]
            content = x12.interchange(_partner(settings), "FA", documents, control=sequence, at=clock.now())
            _exchange.put(settings, _file_name(settings, "997", sequence), content)
        _exchange.put_away(settings, _kept(settings, "done"))
        return {"receipts": "", "done": ""}

    def _sent(
        self,
        kind: str,
        functional: str,
        documents: Sequence[tuple[str, Sequence[x12.Segment]]],
        settings: ChannelSettings,
        sending: Sending,
    ) -> Transmitted:
        content = x12.interchange(_partner(settings), functional, documents, control=sending.sequence, at=clock.now())
        name = _file_name(settings, kind, sending.sequence)
        host_key = _exchange.put(settings, name, content, alone=kind == "850")
        return Transmitted(reference=name, marks={"host_key": host_key})


def _partner(settings: ChannelSettings) -> Partner:
    return Partner(
        sender_qualifier=settings.get("our_qualifier") or "ZZ",
        sender=settings.get("our_id"),
        receiver_qualifier=settings.get("your_qualifier") or "ZZ",
        receiver=settings.get("your_id"),
        test=settings.get("test") in ("yes", "true", "on", "1"),
    )


def _file_name(settings: ChannelSettings, kind: str, sequence: int) -> str:
    return f"{kind}-{sequence:09d}-{_exchange.mark_of(settings)}.edi"


def _kept(settings: ChannelSettings, name: str) -> list[Any]:
    found = settings.marks.get(name)
    return list(json.loads(found)) if found else []
