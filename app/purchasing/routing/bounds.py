"""What the rest of an order costs at least: the bound of uncapacitated facility location by dual ascent.

Each seller's first parcel is its opening cost, each way to fill a need has its own cost at an open seller. Whatever
values the needs get, as long as what they pay beyond the ways' own costs covers no seller's opening cost more than
once, their sum is a bound from below (D. Erlenkotter, *A dual-based procedure for uncapacitated facility location*,
Operations Research 26, 1978).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dual:
    """The ``total`` of the needs' values, that of the ``first`` of them, and what of each closed seller's opening cost
    is not paid (``slack``, by the seller's bit)."""

    total: float
    first: float
    slack: Mapping[int, float]


class RestOfCost:
    """Bounds for the needs from a depth on, with some sellers open, in the retailer's currency; each worked out once.

    ``columns``: for each need its ways as (own cost, sellers as bits), ascending. ``opening``: by the seller's bit.
    """

    def __init__(self, columns: Sequence[Sequence[tuple[float, int]]], opening: Mapping[int, float]) -> None:
        self._columns, self._opening = columns, opening
        self._known: dict[tuple[int, int], Dual] = {}

    def __call__(self, depth: int, opened: int) -> Dual:
        """The bound for the needs from ``depth`` on."""
        key = (depth, opened)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._ascend(depth, opened)
        return known

    def _ascend(self, depth: int, opened: int) -> Dual:
        slack = {bit: cost for bit, cost in self._opening.items() if not bit & opened}
        rows = [_row(column, opened) for column in self._columns[depth:]]
        values = [row[0][0] for row in rows]
        moving = [(at, rows[at]) for at in range(len(rows)) if rows[at][0][1]]
        reached = [1] * len(rows)
        while moving:
            still = []
            for at, row in moving:
                value, count, length = values[at], reached[at], len(row)
                while count < length and row[count][0] <= value:
                    count += 1
                reached[at] = count
                payers = [bit for _, bit in row[:count]]
                if not payers[-1]:
                    # It can have an open seller's way at this value.
                    continue
                step = min([slack[bit] for bit in payers])
                if count < length and row[count][0] - value <= step:
                    step = row[count][0] - value
                    still.append((at, row))
                if step:
                    values[at] = value + step
                    for bit in payers:
                        slack[bit] -= step
            moving = still
        return Dual(sum(values), values[0] if values else 0.0, slack)


def _row(column: Sequence[tuple[float, int]], opened: int) -> list[tuple[float, int]]:
    """A need's ways with who is to be paid for each, up to the first that needs nobody opened (0)."""
    row: list[tuple[float, int]] = []
    paid = 0
    for cost, sellers in column:
        closed = sellers & ~opened
        if not closed:
            row.append((cost, 0))
            break
        payer = closed & -closed
        if not payer & paid:
            row.append((cost, payer))
            paid |= payer
    return row
