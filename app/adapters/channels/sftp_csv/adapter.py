"""CSV over SFTP as a channel: files of orders put into a supplier's folder, its answers taken from another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.adapters import _exchange
from app.adapters.channels.sftp_csv import reading, words
from app.adapters.channels.sftp_csv.template import DATES, DEFAULT_COLUMNS, FIELDS, Template, pairs
from app.kit.texts import marked as _
from app.purchasing.answers import Answers, Unreadable
from app.purchasing.channel import (
    FOREIGN,
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


class SftpCsv(SupplierChannel):
    """The ``SupplierChannel`` port for CSV files over SFTP."""

    name = "sftp_csv"
    label = _("CSV files over SFTP")
    summary = _("For systems that read and write files: orders come in your columns, and we read your answers.")
    transmits = True
    batches = True
    needs_address = True
    poll_minutes = 5
    cancels = True
    form = (
        *_exchange.FORM,
        Setting(
            name="columns",
            label=_("Columns of orders"),
            kind="long_text",
            required=False,
            default=DEFAULT_COLUMNS,
            help=_(
                "One on each line: your column = our field. A text in quotation marks stands there as it is. Fields:"
            )
            + " "
            + ", ".join(FIELDS),
        ),
        Setting(
            name="separator",
            label=_("Separator"),
            kind="choice",
            choices=(("comma", _("Comma")), ("semicolon", _("Semicolon")), ("tab", _("Tab")), ("pipe", "|")),
            default="comma",
        ),
        Setting(
            name="decimal",
            label=_("Decimal mark"),
            kind="choice",
            choices=(("point", _("Point: 12.50")), ("comma", _("Comma: 12,50"))),
            default="point",
        ),
        Setting(
            name="dates",
            label=_("Dates"),
            kind="choice",
            choices=tuple((shown, shown) for shown in DATES),
            default="2026-11-29",
            help=_("In our files and in yours."),
        ),
        Setting(
            name="encoding",
            label=_("Letters"),
            kind="choice",
            choices=(("utf-8", "UTF-8"), ("utf-8-bom", _("UTF-8 for Excel")), ("windows-1252", "Windows-1252")),
            default="utf-8",
        ),
        Setting(
            name="answer_columns",
            label=_("Columns of your answers"),
            kind="long_text",
            required=False,
            help=_("Only those that we don't recognise by themselves: your column = our field. Fields:")
            + " "
            + ", ".join(words.NAMES),
        ),
    )

    def check(self, settings: ChannelSettings) -> None:
        """By their form."""
        super().check(settings)
        _exchange.check(settings)
        Template.of(settings)
        _named(settings)

    def test(self, settings: ChannelSettings) -> str:
        """See the port."""
        return _exchange.test(settings)

    def transmit(self, notes: Sequence[PurchaseOrderNote], settings: ChannelSettings, sending: Sending) -> Transmitted:
        """One file for all of them."""
        content = Template.of(settings).file(notes, action="new", sequence=sending.sequence)
        return _put(settings, _file_name(settings, "orders", sending.sequence), content, alone=True)

    def probe(self, note: PurchaseOrderNote, settings: ChannelSettings, sending: Sending) -> Probed:
        """By the file."""
        name = _file_name(settings, "orders", sending.sequence)
        found = _exchange.presence(settings, name)
        return Probed(found, name if found is Presence.FOUND else "")

    def cancel(self, note: PurchaseOrderNote, reference: str, settings: ChannelSettings, sending: Sending) -> Stopping:
        """A file of the same columns: ``change`` with what is still wanted, or ``cancel`` with the number alone."""
        action = "change" if note.lines else "cancel"
        content = Template.of(settings).file([note], action=action, sequence=sending.sequence)
        _put(settings, _file_name(settings, action, sending.sequence), content)
        return Stopping.ASKED

    def takes(self, kind: ChangeKind, settings: ChannelSettings) -> bool:
        """Where the files tell what they are (``action``), and hold what is asked for: the same columns without it
        would be taken for an order."""
        fields = ("quantity",) if kind == "cancellation" else ("address1", "city")
        return Template.of(settings).holds("action", "number", *fields)

    def ask(self, change: ChangeNote, reference: str, settings: ChannelSettings, sending: Sending) -> ChangeReply:
        """A file of the same columns, which the supplier's next files answer. One that stands there already is the
        same."""
        note, action = change.order, "stop" if change.kind == "cancellation" else "address"
        if change.withdrawn:
            action = "go_on" if change.kind == "cancellation" else "address"
        elif change.kind == "cancellation":
            note = replace(note, lines=change.stops)
        content = Template.of(settings).file([note], action=action, sequence=sending.sequence)
        sent = _put(settings, _file_name(settings, action, sending.sequence), content)
        return ChangeReply(answer="asked", marks=sent.marks)

    def poll(self, settings: ChannelSettings, awaiting: Awaiting) -> Answers:
        """Read what stands in the folder."""
        looked = _exchange.look(settings, _exchange.remembered(settings))
        dates, named = DATES.get(settings.get("dates"), "%Y-%m-%d"), _named(settings)
        read = [reading.read(one.name, one.content, dates=dates, named=named) for one in looked.files]
        unreadable = [one for result in read for one in result.unreadable]
        unreadable += [
            Unreadable(key=f"csv:{mark}", source=name, problem="The file is larger than 5 MB.")
            for name, mark in looked.too_large
        ]
        taken = [*(one.mark for one in looked.files), *(mark for _name, mark in looked.too_large)]
        marks = dict(_exchange.to_remember(looked, taken))
        marks["done"] = json.dumps([*_done(settings), *(one.name for one in looked.files)])
        return Answers(
            answers=[one for result in read for one in result.answers],
            unreadable=unreadable,
            marks=marks,
            more=looked.more,
        )

    def put_away(self, settings: ChannelSettings, handled: Sequence[Handled], sequence: int) -> Mapping[str, str]:
        """Do with the files what the supplier chose. Those that are about nobody's orders of this supplier stay:
        another one may use the same folder."""
        foreign = json.loads(settings.marks.get(FOREIGN) or "[]")
        _exchange.put_away(settings, [name for name in _done(settings) if name not in foreign])
        return {"done": ""}


def _put(settings: ChannelSettings, name: str, content: bytes, *, alone: bool = False) -> Transmitted:
    return Transmitted(reference=name, marks={"host_key": _exchange.put(settings, name, content, alone=alone)})


def _named(settings: ChannelSettings) -> Mapping[str, str]:
    return dict(pairs(settings.get("answer_columns"), "answer_columns", words.NAMES))


def _file_name(settings: ChannelSettings, kind: str, sequence: int) -> str:
    return f"{kind}-{sequence:06d}-{_exchange.mark_of(settings)}.csv"


def _done(settings: ChannelSettings) -> list[str]:
    found = settings.marks.get("done")
    return [str(name) for name in json.loads(found)] if found else []
