"""The steps of a supplier's set-up: which are done, and what each of the others lacks, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.kit.texts import marked as _
from app.suppliers.rules.papers import EXPIRING, NEEDED, lapsed

COMPANY, CONTACTS, DOCUMENTS, RETURNS = "company", "contacts", "documents", "returns"
SHIPPING, PAYOUT, CONNECTION, FEED, TEST_ORDER = "shipping", "payout", "connection", "feed", "test_order"
STEPS: tuple[str, ...] = (COMPANY, CONTACTS, DOCUMENTS, RETURNS, SHIPPING, PAYOUT, CONNECTION, FEED, TEST_ORDER)
#: What must be done before the application is sent for review; the rest must be done before going live.
BEFORE_SENDING: frozenset[str] = frozenset(STEPS) - {FEED, TEST_ORDER}
CONNECTIONS = ("portal", "file", "api", "edi", "shop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a supplier. ``papers`` are the papers that stand, each kind with the last day of its newest;
    ``payout`` is the account's capability, None without an account, with the ``payout_wants`` of its processor;
    ``products_told``: a list was taken over, or, of one that works in the portal, a product was added there."""

    company: bool = False
    contacts: bool = False
    papers: Mapping[str, date | None] = field(default_factory=dict)
    return_policy: bool = False
    rates: int = 0
    payout: str | None = None
    payout_wants: Sequence[str] = ()
    connection: str = ""
    products_told: bool = False
    test_passed: bool = False
    test_missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``missing`` is empty where it is done; ``asked`` are a reviewer's questions about it."""

    name: str
    missing: tuple[str, ...]
    asked: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Nothing is missing, and nobody asks."""
        return not self.missing and not self.asked


@dataclass(frozen=True, slots=True)
class Progress:
    """All steps in their order."""

    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(step.done for step in self.steps)

    @property
    def gaps(self) -> tuple[str, ...]:
        """The names of those that are not."""
        return tuple(step.name for step in self.steps if not step.done)

    @property
    def keep_from_sending(self) -> tuple[str, ...]:
        """The steps without which the application can't be sent for review. A question is answered by saving its step
        again, so one that is open counts."""
        return tuple(name for name in self.gaps if name in BEFORE_SENDING)

    @property
    def next(self) -> str | None:
        """The first step that is not done."""
        return next(iter(self.gaps), None)

    def step(self, name: str) -> Step:
        """One of them."""
        return next(step for step in self.steps if step.name == name)


def progress(facts: Facts, asked: Mapping[str, Collection[str]], today: date) -> Progress:
    """How far a supplier has come. ``asked``: step → open questions of a reviewer."""
    missing: dict[str, list[str]] = {name: [] for name in STEPS}
    if not facts.company:
        missing[COMPANY].append(_("Tell us the company's name, address and numbers."))
    if not facts.contacts:
        missing[CONTACTS].append(_("Tell us whom we can speak to."))
    missing[DOCUMENTS] += _missing_papers(facts.papers, today)
    if not facts.return_policy:
        missing[RETURNS].append(_("Say where returns go, and on which terms."))
    if not facts.rates:
        missing[SHIPPING].append(_("Add at least one shipping rate."))
    if facts.payout not in ("active", "by_hand"):
        missing[PAYOUT] += facts.payout_wants or [_PAYOUT_WORDS.get(facts.payout or "", _OPEN_ACCOUNT)]
    if facts.connection not in CONNECTIONS:
        missing[CONNECTION].append(_("Choose how you connect."))
    if not facts.products_told:
        missing[FEED].append(_FIRST_BY_HAND if facts.connection == "portal" else _FIRST_LIST)
    if not facts.test_passed:
        missing[TEST_ORDER] += facts.test_missing or [_("Start the test order.")]
    return Progress(tuple(Step(name, tuple(missing[name]), tuple(asked.get(name, ()))) for name in STEPS))


_FIRST_LIST = _("Upload a list of your products, check how it was understood, and take it over.")
_FIRST_BY_HAND = _("Add a product, or upload a list, check how it was understood, and take it over.")
_OPEN_ACCOUNT = _("Open your payout account.")
#: Payout account's capability → what its owner should know.
_PAYOUT_WORDS: Mapping[str, str] = {
    "pending": _("Your payout account is being looked at. Nothing is wanted of you now."),
    "restricted": _("Your payout account is restricted. Go on at the payment processor to see why."),
    "unsupported": _("The payment processor does not support your kind of account. Write to us."),
}


def payout_words(capability: str | None, wants: Collection[str] = ()) -> str:
    """How a payout account stands, in a sentence. ``wants``: what the processor still asks of its owner."""
    if capability == "pending" and wants:
        return _("Your payout account is not ready yet: the payment processor needs more from you.")
    if capability == "active":
        return _("Your payout account is ready.")
    if capability == "by_hand":
        return _("You are paid by bank transfer.")
    return _PAYOUT_WORDS.get(capability or "", _OPEN_ACCOUNT)


def _missing_papers(papers: Mapping[str, date | None], today: date) -> list[str]:
    words = {
        "registration": _("Send the extract of the companies' register."),
        "insurance": _("Send the proof of your liability insurance."),
    }
    missing = [words[kind] for kind in NEEDED if kind not in papers]
    for kind in EXPIRING:
        ends = papers.get(kind)
        if ends is not None and lapsed(ends, today):
            missing.append(_("Your insurance has lapsed. Send the new one."))
    return missing
