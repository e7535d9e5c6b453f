"""Suppliers' own systems that take nothing any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_

from app.exceptions.kind import Kind, Party, Told, rows
from app.kit.texts import marked as _
from app.purchasing.models import ChannelSetting
from app.purchasing.transmission_rules import FAILS_FOR_GOOD, TOLD_AFTER


def _channels(_now: datetime) -> Select[Any]:
    return rows(
        "channel",
        subject_id=ChannelSetting.supplier_id,
        supplier_id=ChannelSetting.supplier_id,
        since=ChannelSetting.failing_since,
        ball=Party.SUPPLIER.value,
        about=ChannelSetting.problem,
    ).where(
        ChannelSetting.failing_since.is_not(None),
        or_(ChannelSetting.failures >= TOLD_AFTER, ChannelSetting.problem.in_(FAILS_FOR_GOOD)),
    )


KIND = Kind(
    name="channel",
    label=_("Suppliers' systems"),
    subject="channel",
    query=_channels,
    told={
        "access_refused": Told(
            heading=_("Supplier's system refuses our sign-in"),
            headings={Party.SUPPLIER: _("Your system refuses our sign-in")},
            advice={
                Party.SUPPLIER: _("Check the user name and the password, key or token, and test the connection."),
                Party.PLATFORM: _("Its orders wait in the portal meanwhile. Ask the supplier to mend it."),
            },
            severity="critical",
        ),
        "": Told(
            heading=_("Supplier's system takes nothing"),
            headings={Party.SUPPLIER: _("Orders can't be sent to your system")},
            advice={
                Party.SUPPLIER: _("Look at your connection and test it. What waits goes out by itself then."),
                Party.PLATFORM: _("Its orders wait in the portal meanwhile. Ask the supplier to mend it."),
            },
            severity="critical",
        ),
    },
)
