"""Tables from nested records, as XML and JSON hold them: a row for each variant, which inherits what its product says.

A *node* maps a name to its values, each a text or a node again; the name ``""`` holds an element's own text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from app.feeds.feed import Row
from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, normal
from app.feeds.rules.names import LANGUAGES, is_name

Node = Mapping[str, Sequence[Union[str, "Node"]]]
Path = tuple[str, ...]

_PICTURE = re.compile(r"https?://\S+\.(?:jpe?g|png|webp|gif|avif)(?:\?\S*)?", re.IGNORECASE)
_PICTURE_NAMES = frozenset({"image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "imgurl"})
_IDS = frozenset({"id", "code", "product id", "item id", "uid"})
_IDENTITY = frozenset({"sku", "gtin"})
_SOLD = frozenset({"stock", "cost", "price"})
#: Fields of which one value is enough where a record repeats them.
_SINGLE = frozenset({"category", "title", "price", "cost", "stock", "sku", "gtin", "brand", "weight", "product_id"})
#: What variants of one product are told apart by.
_VARIANT_NAMES = frozenset({"option name", "name", "title", "label", "value", "variant", "variation"})
#: Attributes that mean nothing without their element.
_GENERIC = frozenset({"type", "unit", "lang", "currency", "version", "format"})
#: What an object says as itself: a category's name is the category, a price's amount the price.
_ITSELF = frozenset({"name", "title", "label", "text", "value", "amount"})
_CURRENCIES = frozenset({"currency", "currencycode", "currency code", "currency iso"})
_LANGUAGE = re.compile(r"([a-z]{2})(?: [a-z]{2,4})?")
_SIZE = re.compile(
    r"(?:\d?x{0,4}[sml]|\d{2,3}(?:[./]\d+)?|one size|uni(?:versal)?)(?:\s*[/-]\s*(?:\d?x{0,4}[sml]|\d+))?", re.I
)
_MOST_OPTIONS = 3
PARENT_ID, PICTURES, OPTION = "parent id", "images", "Option"


@dataclass(slots=True)
class Layout:
    """How records become rows. ``columns``: the columns' names in order; ``meant``: column → field that it holds
    whatever it is called; ``variants``: where a record holds its variants, if it does; ``own`` and ``of_variant``: the
    way to a text of the record, or of a variant → its column."""

    columns: list[str] = field(default_factory=list)
    meant: dict[str, str] = field(default_factory=dict)
    variants: Path | None = None
    own: dict[Path, str] = field(default_factory=dict)
    of_variant: dict[Path, str] = field(default_factory=dict)
    #: Column → how many texts of the records looked at are in it.
    often: Counter[str] = field(default_factory=Counter)

    def keep(self, most: int) -> int:
        """Leave out columns beyond so many: those that we know stay, then those that most records have. How many are
        left out."""
        if len(self.columns) <= most:
            return 0
        places = {name: place for place, name in enumerate(self.columns)}
        ranked = sorted(
            self.columns,
            key=lambda name: (
                not (name in self.meant or is_name(name)),
                -self.often.get(name, 0),
                places[name],
            ),
        )
        left = len(self.columns) - most
        self.columns = sorted(ranked[:most], key=places.__getitem__)
        return left

    def rows(self, record: Node) -> Iterator[list[str]]:
        """The rows of one record, a cell for each column."""
        variants = list(_branches(record, self.variants)) if self.variants else []
        # What stands on the way to a variant is said of the variants below it alone.
        shared = self._named(leaves(record, skip=self.variants[:1] if self.variants and variants else None), self.own)
        for variant, on_the_way in variants or [({}, [])]:
            own = self._named(leaves(variant), self.of_variant)
            own = {**self._named(on_the_way, self.own), **{name: values for name, values in own.items() if any(values)}}
            pictures = [shared.get(PICTURES, []), own.get(PICTURES, [])]
            cells = {**shared, **own}
            if all(pictures):
                cells[PICTURES] = [*pictures[1], *pictures[0]]
            yield [self._joined(name, cells.get(name, [])) for name in self.columns]

    def table(self, records: Iterable[Node]) -> Iterator[Row]:
        """The rows of all records, numbered as if a header were the first."""
        number = 1
        for record in records:
            for cells in self.rows(record):
                number += 1
                yield Row(number, cells)

    def _named(self, texts: Iterable[tuple[Path, str]], names: Mapping[Path, str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, text in texts:
            name = names.get(path)
            if name is not None:
                found.setdefault(name, []).append(text)
        for place, name in enumerate(found.pop(_OPTION_NAMES, [])[:_MOST_OPTIONS], start=1):
            found[f"option{place} name"] = [name]
        return found

    def _joined(self, name: str, values: Sequence[str]) -> str:
        different = list(dict.fromkeys(value for value in values if value))
        if not different:
            return ""
        if name == PICTURES or different[0].startswith(("http://", "https://")):
            return " | ".join(different)
        single = self.meant.get(name, BY_NAME.get(normal(name), "")) in _SINGLE
        return different[0] if single else ", ".join(different)


_OPTION_NAMES = "option names"


def leaves(node: Node, path: Path = (), skip: Path | None = None) -> Iterator[tuple[Path, str]]:
    """All texts of a node with the way to each."""
    for name, values in node.items():
        here = (*path, name) if name else path
        if here == skip:
            continue
        for value in values:
            if isinstance(value, str):
                yield here, value
            else:
                yield from leaves(value, here, skip)


def learn(records: Sequence[Node], meant: Mapping[str, str] | None = None) -> Layout:
    """Find out, from some records, which columns they make. ``meant``: last name of a path → field."""
    layout = Layout(variants=_variants(records))
    given = {normal(name): what for name, what in (meant or {}).items()}
    own: dict[Path, list[str]] = {}
    of_variant: dict[Path, list[str]] = {}
    for record in records:
        for path, text in leaves(record, skip=layout.variants):
            own.setdefault(path, []).append(text)
        for variant in _nodes_at(record, layout.variants) if layout.variants else ():
            for path, text in leaves(variant):
                of_variant.setdefault(path, []).append(text)
    _name_variants(layout, of_variant, given)
    _name_own(layout, own, given)
    _name_ids(layout)
    for names, found in ((layout.own, own), (layout.of_variant, of_variant)):
        for path, name in names.items():
            layout.often[name] += len(found.get(path, ()))
    return layout


def _variants(records: Sequence[Node]) -> Path | None:
    """Where records hold nodes that can be ordered by themselves: with an identity, and stock or a price."""
    names: dict[Path, set[str]] = {}
    for record in records:
        for path, node in _nodes(record):
            names.setdefault(path, set()).update(normal(name) for name, _ in node.items() if name)
    for path in sorted(names, key=lambda path: (len(path), path)):
        fields = {BY_NAME.get(name, "") for name in names[path]}
        if fields & _SOLD and (fields & _IDENTITY or names[path] & _IDS):
            return path
    return None


def _nodes(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    for name, values in node.items():
        for value in values:
            if not isinstance(value, str):
                yield (*path, name), value
                yield from _nodes(value, (*path, name))


def _nodes_at(node: Node, path: Path) -> Iterator[Node]:
    for value in node.get(path[0], ()):
        if not isinstance(value, str):
            if len(path) == 1:
                yield value
            else:
                yield from _nodes_at(value, path[1:])


def _branches(node: Node, way: Path, above: Path = ()) -> Iterator[tuple[Node, list[tuple[Path, str]]]]:
    """The nodes at the end of a way below a node, each with the texts that stand beside it on the way."""
    here = (*above, way[0])
    for value in node.get(way[0], ()):
        if isinstance(value, str):
            continue
        if len(way) == 1:
            yield value, []
            continue
        beside = [(path, text) for path, text in leaves(value, here, skip=(*here, way[1]))]
        for variant, others in _branches(value, way[1:], here):
            yield variant, [*beside, *others]


def _name_variants(layout: Layout, found: Mapping[Path, Sequence[str]], given: Mapping[str, str]) -> None:
    names = _Names(found)
    for path, texts in found.items():
        name = names.of(path)
        plain = normal(name)
        if _is_picture(path, texts):
            name = PICTURES
        elif normal(names.way(path)[-1] if path else "") in _VARIANT_NAMES:
            if _has_options(found):
                # The options say it all; as a title it would hide the product's own.
                continue
            name = "Size" if all(_SIZE.fullmatch(text) for text in texts) else OPTION
            layout.meant[name] = "option1_value"
        elif re.fullmatch(r"option ?[123]", plain):
            layout.meant[name] = f"option{plain[-1]}_value"
        elif plain in given:
            layout.meant[name] = given[plain]
        layout.of_variant[path] = name
        _add(layout, name)


def _has_options(found: Mapping[Path, Sequence[str]]) -> bool:
    names = {normal(path[-1]) for path in found if path}
    return bool(names & set(OPTION_COLUMNS)) or any(re.fullmatch(r"option ?[123]", name) for name in names)


def _name_own(layout: Layout, found: Mapping[Path, Sequence[str]], given: Mapping[str, str]) -> None:
    names = _Names(found)
    for path, texts in found.items():
        if not path:
            continue
        if path == ("options", "name"):
            layout.own[path] = _OPTION_NAMES
            for place in range(1, _MOST_OPTIONS + 1):
                _add(layout, f"option{place} name")
            continue
        name = names.of(path)
        plain = normal(path[-1])
        if _is_picture(path, texts):
            name = PICTURES
        elif layout.variants and normal(name) in _IDS:
            name = PARENT_ID
            layout.meant[name] = "product_id"
        elif plain in given:
            layout.meant[name] = given[plain]
        layout.own[path] = name
        _add(layout, name)


def _name_ids(layout: Layout) -> None:
    """Where nothing is called SKU, an id is one: of the variant, or of the record that is its own only variant."""
    if PICTURES in layout.columns:
        layout.meant[PICTURES] = "image_urls"
    fields = {layout.meant.get(name, BY_NAME.get(normal(name), "")) for name in layout.columns}
    if "sku" in fields:
        return
    for name in layout.columns:
        if normal(name) in _IDS and name not in layout.meant:
            layout.meant[name] = "sku"
            return


def _add(layout: Layout, name: str) -> None:
    if name not in layout.often:
        layout.often[name] = 0
        layout.columns.append(name)


class _Names:
    """What the columns of some ways are called: by the last name of the way, or by the whole of it where another way
    ends alike and is shorter or comes first."""

    def __init__(self, paths: Iterable[Path]) -> None:
        ways = [path for path in paths if path]
        below: dict[Path, set[str]] = {}
        for path in ways:
            below.setdefault(path[:-1], set()).add(normal(path[-1]))
        #: Ways to texts in several languages.
        self._translated = {
            way for way, names in below.items() if way and all(map(_language, names)) and names != {"no"}
        }
        self._first: dict[str, Path] = {}
        for path in ways:
            way = self.way(path)
            known = self._first.setdefault(normal(way[-1]), way)
            if len(way) < len(known):
                self._first[normal(way[-1])] = way

    def way(self, path: Path) -> Path:
        """The way to what a text says, without its language and without what objects say as themselves."""
        if path[:-1] in self._translated:
            path = path[:-1]
        if (
            len(path) > 1
            and normal(path[-1]) in _ITSELF
            and BY_NAME.get(normal(path[-2]), "") not in ("", "image_urls")
        ):
            return path[:-1]
        return path

    @staticmethod
    def _is_of_picture(way: Path) -> bool:
        """Whether it is what a picture is called, which is no product's name."""
        return normal(way[-1]) in _ITSELF and normal(way[-2]) in _PICTURE_NAMES

    def of(self, path: Path) -> str:
        """The name of a way's column; an element's own text has none."""
        if not path:
            return ""
        way = self.way(path)
        name = way[-1] if self._first[normal(way[-1])] == way else " ".join(way)
        if len(way) > 1 and normal(way[-1]) in _CURRENCIES:
            name = f"{' '.join(way[:-1])} currency"
        elif len(way) > 1 and (normal(way[-1]) in _GENERIC or self._is_of_picture(way)):
            name = " ".join(way)
        return f"{name} {_language(normal(path[-1]))}" if path[:-1] in self._translated else name


def _language(name: str) -> str:
    """The language that a name is a code of, such as ``en`` or ``de_AT``; nothing for other names."""
    found = _LANGUAGE.fullmatch(name)
    return found[1] if found is not None and found[1] in LANGUAGES else ""


def _is_picture(path: Path, texts: Sequence[str]) -> bool:
    if BY_NAME.get(normal(path[-1])) == "image_urls":
        return True
    addresses = [text for text in texts if text.startswith(("http://", "https://"))]
    if not addresses or len(addresses) < 0.8 * len(texts):
        return False
    in_pictures = any(normal(name) in _PICTURE_NAMES for name in path)
    return in_pictures or sum(bool(_PICTURE.fullmatch(text)) for text in addresses) > 0.8 * len(addresses)
