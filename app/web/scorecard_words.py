"""How the measures of a scorecard are called and explained, and a scorecard as pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.kit import texts
from app.kit.texts import marked as _
from app.suppliers.models import SupplierCard, SupplierScore
from app.suppliers.rules.scorecards import (
    ANSWER_HOURS,
    MEASURES,
    NEW_UNTIL,
    SCORED_OVER,
    SENT_DAYS,
    SHOWN_FROM,
    WINDOWS,
    Tally,
    share_of,
    standing,
)
from app.web.ui.rendering import gettext, locale, ngettext

#: Measure → its name, how it is measured, and what helps.
MEASURE_WORDS: Mapping[str, tuple[str, str, str]] = {
    "sent": (
        _("Shipped in time"),
        _(
            "Orders of which everything left by its day: your handling days, cut-off hour and closures as they were "
            "promised. Where the carrier tells us its scans, the first scan counts; otherwise the moment at which the "
            "tracking number reached us."
        ),
        _(
            "Hand parcels over on the day, enter numbers at once, set the handling days that you keep, and announce "
            "closures before they begin."
        ),
    ),
    "kept": (
        _("Not rejected"),
        _("Units that you did not reject. What a retailer cancels does not count against you."),
        _("Take off sale what you can't send, and keep prices right, so that nothing must be rejected."),
    ),
    "answered": (
        _("Answered in time"),
        _("Orders that you accepted, backordered or rejected within 24 hours of their coming."),
        _("Answer new orders every working morning, or let your system answer by our API."),
    ),
    "stocked": (
        _("Stock was right"),
        _(
            "Orders of which nothing was rejected as out of stock or discontinued, and that no stock below what was "
            "ordered made late."
        ),
        _("Send stock more often, and hold some back where you also sell elsewhere."),
    ),
    "arrived": (
        _("Delivered in time"),
        _(
            "Parcels that their carrier says were delivered within the promised days. Parcels of carriers that tell us "
            "nothing, and without any scan, are left out."
        ),
        _("Set transit days per country that your carrier keeps."),
    ),
    "tracked": (
        _("Number scanned"),
        _("Parcels that their carrier scanned within three days of our getting the number."),
        _("Enter a number when the parcel leaves, not when its label is printed, and check it against the label."),
    ),
    "at_once": (
        _("No backorder"),
        _("Orders of which no line was backordered."),
        _("Offer only what is on your shelves; set the stock of the rest to 0."),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of a supplier's own scorecard. ``recent`` and ``whole`` are the windows' figures in words; ``points``
    and ``most`` in tenths, None for a measure that does not count yet."""

    name: str
    label: str
    how: str
    recent: str
    whole: str
    missed: int
    goal: int
    standing: str
    points: int | None
    most: int | None
    network: int | None


def rows_of(card: SupplierScore) -> list[Row]:
    """All measures, the heaviest first."""
    recent, whole = (card.measures.get(str(window), {}) for window in WINDOWS)
    rows = []
    for name, measure in MEASURES.items():
        one = whole.get(name, {})
        tally = _tally(one)
        label, how, _advice = MEASURE_WORDS[name]
        rows.append(
            Row(
                name,
                gettext(label),
                gettext(how),
                _in_words(_tally(recent.get(name, {}))),
                _in_words(tally),
                tally.counted - tally.met,
                measure.goal,
                standing(name, tally),
                one.get("points"),
                one.get("most"),
                one.get("network"),
            )
        )
    return rows


def _tally(one: Mapping[str, int]) -> Tally:
    return Tally(one.get("met", 0), one.get("counted", 0))


def _in_words(tally: Tally) -> str:
    """A share with its number of cases; of few cases only how many."""
    share = share_of(tally)
    if share is None:
        return "–"
    many = texts.number(tally.counted, locale())
    if tally.counted < SHOWN_FROM:
        return gettext(_("%(met)s of %(counted)s")) % {"met": texts.number(tally.met, locale()), "counted": many}
    return gettext(_("%(share)s of %(counted)s")) % {
        "share": texts.percent(share // 10 * 10, locale()),
        "counted": many,
    }


def days_in_words(days: int) -> str:
    """How long it took to ship."""
    return ngettext("%(num)s day", "%(num)s days", days)


def hours_in_words(hours: int) -> str:
    """How long it took to answer."""
    return ngettext("%(num)s hour", "%(num)s hours", hours)


def card_facts(card: SupplierCard | None) -> list[tuple[str, str]]:
    """A card as names and values, for those who choose suppliers."""
    if card is None or card.score is None:
        return [(gettext(_("Reliability")), gettext(_("New: no figures yet")))]
    facts = [(gettext(_("Reliability")), gettext(_("%(score)s of 100")) % {"score": card.score})]
    for name in MEASURES:
        if name in card.shares:
            facts.append((gettext(MEASURE_WORDS[name][0]), texts.percent(card.shares[name], locale())))
    if SENT_DAYS in card.spreads:
        facts.append((gettext(_("Half leave within")), days_in_words(card.spreads[SENT_DAYS])))
    if ANSWER_HOURS in card.spreads:
        facts.append((gettext(_("Half are answered within")), hours_in_words(card.spreads[ANSWER_HOURS])))
    facts.append((gettext(_("Orders")), measured_on(card)))
    return facts


def measured_on(card: SupplierCard) -> str:
    """How many orders are behind a card, roughly."""
    if not card.orders:
        text = gettext(_("fewer than %(n)s in %(days)s days"))
        return text % {"n": SHOWN_FROM, "days": SCORED_OVER}
    text = gettext(_("%(n)s or more in %(days)s days"))
    return text % {"n": texts.number(card.orders, locale()), "days": SCORED_OVER}


def short(card: SupplierCard | None) -> str:
    """A card in a few words, for a list."""
    if card is None or card.score is None:
        return gettext(_("New: no figures yet"))
    said = [gettext(_("%(score)s of 100")) % {"score": card.score}]
    if "sent" in card.shares:
        share = texts.percent(card.shares["sent"], locale())
        said.append(gettext(_("%(share)s shipped in time")) % {"share": share})
    return " · ".join(said)


def trend_of(history: Sequence[SupplierScore] | Sequence[SupplierCard]) -> list[tuple[str, int | None, str]]:
    """Day by day, for a chart; empty before there are two days with a score."""
    points = [
        (
            texts.day(one.day, locale()),
            one.score,
            gettext(_("new")) if one.score is None else texts.number(one.score, locale()),
        )
        for one in history
    ]
    return points if sum(value is not None for _day, value, _shown in points) > 1 else []


def orders_to_go(card: SupplierScore | None) -> int:
    """How many more orders must fall due before there is a score."""
    return max(0, NEW_UNTIL - (card.orders if card else 0))


def window(card: SupplierScore) -> tuple[date, date]:
    """The days that a card's score is of."""
    return date.fromordinal(card.day.toordinal() - SCORED_OVER + 1), card.day
