"""What several channels say alike: one thing of a line in each answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from app.purchasing.answers import AcknowledgedLine, Acknowledgement


def acknowledgements(
    key: str,
    number: str,
    source: str,
    lines: Sequence[AcknowledgedLine],
    *,
    whole: Literal["accepted", "rejected"] | None = None,
    reason: str | None = None,
    reference: str = "",
) -> list[Acknowledgement]:
    """The answer to an order. It is two where part of a line is rejected and the rest comes: the second says what of
    the rest."""
    rejected = [one for one in lines if one.answer == "rejected"]
    refused = {one.line for one in rejected}
    later = [one for one in lines if one.answer != "rejected" and one.line in refused]
    alone = [one for one in lines if one.answer != "rejected" and one.line not in refused]
    if not lines and whole is None:
        return []
    if not later:
        return [
            Acknowledgement(
                key=key, number=number, source=source, reference=reference, lines=lines, whole=whole, reason=reason
            )
        ]
    return [
        Acknowledgement(key=f"{key}:1", number=number, source=source, reference=reference, lines=[*rejected, *alone]),
        Acknowledgement(key=f"{key}:2", number=number, source=source, lines=later, whole=whole),
    ]
