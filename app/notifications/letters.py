"""How an e-mail is laid out: what happened, what to do, one button, why you get it; as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader

#: Why the members of an organisation get a letter where nothing more is to be said.
BY_ROLE = "You get this because of your role at Crossdock."

_TEMPLATES = Environment(loader=PackageLoader("app.notifications"), autoescape=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandOnLetter:
    """The shop in whose name its customer is written to. ``logo``: the address of a picture; ``colour``: ``#rrggbb``;
    ``email``: where answers go."""

    name: str
    logo: str = ""
    colour: str = "#1f2937"
    email: str = ""
    contact: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One e-mail's content. ``subject`` is fact, object and number in at most 60 characters, without personal
    data; ``paragraphs`` say first what happened, then what to do."""

    subject: str
    paragraphs: Sequence[str]
    button: tuple[str, str] | None = None
    #: (left, right) pairs shown as a small table, for example SKU and quantity.
    rows: Sequence[tuple[str, str]] = ()
    #: (title, address or None) of what a letter gathers, and how many more there are.
    entries: Sequence[tuple[str, str | None]] = ()
    more: int = 0
    reason: str = BY_ROLE
    #: None: in our own name.
    brand: BrandOnLetter | None = None
    language: str = "en"

    def text(self) -> str:
        """The plain text part."""
        parts = list(self.paragraphs)
        if self.rows:
            width = max(len(left) for left, _ in self.rows)
            parts.append("\n".join(f"{left.ljust(width)}  {right}" for left, right in self.rows))
        if self.entries:
            shown = (f"- {title}\n  {address}" if address else f"- {title}" for title, address in self.entries)
            parts.append("\n".join(shown))
        if self.more:
            parts.append(f"… and {self.more} more.")
        if self.button:
            parts.append(f"{self.button[0]}:\n{self.button[1]}")
        end = [self.brand.name, *self.brand.contact, self.reason] if self.brand is not None else [self.reason]
        return "\n\n".join([*parts, "--\n" + "\n".join(end)])

    def html(self) -> str:
        """The HTML part."""
        return _TEMPLATES.get_template("letter.html").render(letter=self)


#: Where links of one reader's own stand in the HTML part.
_FOOTER = "<!-- footer -->"


def with_footer(text: str, html: str, links: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Both parts of a letter with links of its reader's own (label, address) below."""
    plain = "".join(f"\n{label}: {address}" for label, address in links)
    anchors = _TEMPLATES.get_template("footer.html").render(links=links)
    return text + plain, html.replace(_FOOTER, anchors)
