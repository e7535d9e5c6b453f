"""Finding the element that stands for one product, and reading one after another without keeping the file."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from app.adapters.feeds.xml.mending import Mended, may_be_mended
from app.feeds.feed import UnreadableFile
from app.feeds.rules.fields import BY_NAME, normal
from app.feeds.rules.nested import Node

Path = tuple[str, ...]

_DEEPEST = 60
#: Bytes in which the document begins.
_BEFORE = 1024
_MOST_IN_RECORD = 100_000
#: Elements looked at to find out how the file is built.
_LOOKED_AT = 300_000
_MOST_CATEGORIES = 100_000
#: Elements offered to choose from, and names told of each.
_MOST_OFFERED, _MOST_NAMED = 20, 12
#: What programs call the element of one product.
_USUAL = frozenset({
    "item", "entry", "offer", "o", "shopitem", "product", "article", "produkt", "artikel", "produit", "producto",
    "prodotto", "produto", "towar", "good", "urun", "товар", "proizvod", "row", "record", "produs", "termek", "vare",
    "tuote", "tovar", "position", "pozycja", "tetel", "articulo", "articolo", "izdelek", "artikal",
})  # fmt: skip
_PAIRS = (("param_name", "val"), ("meta_key", "meta_value"), ("fname", "fvalue"), ("name", "value"), ("key", "value"))


@dataclass(slots=True)
class Build:
    """How a file is built: where its records are, and what stands outside them."""

    record: Path = ()
    categories: dict[str, tuple[str, str]] = field(default_factory=dict)
    mime_root: str = ""
    #: Of prices that name none.
    currency: str = ""
    root: str = ""
    #: Whether the file is read as its program meant it, for it is no well-formed XML.
    mended: bool = False
    #: Elements that may be those of products, the likeliest first, as ``NestedFeed`` has them.
    records: Sequence[Mapping[str, Any]] = ()

    def category(self, key: str) -> str:
        """The readable way to a category by its id; the id itself where the file does not say."""
        names: list[str] = []
        while key in self.categories and len(names) < _DEEPEST:
            parent, name = self.categories[key]
            names.append(name)
            key = parent
        return " > ".join(reversed(names))


def survey(stream: BinaryIO, record: str = "") -> Build:
    """Look over the beginning of a file. ``record``: the way to the element of a product, if a person said it; of no
    effect where there is none such. Raises ``UnreadableFile``."""
    try:
        return _surveyed(stream, record, Build())
    except UnreadableFile as error:
        if error.code != "malformed" or not may_be_mended(stream):
            raise
        try:
            return _surveyed(stream, record, Build(mended=True))
        except UnreadableFile as other:
            raise (error if other.code == "malformed" else other) from None


def _surveyed(stream: BinaryIO, record: str, build: Build) -> Build:
    counts: Counter[Path] = Counter()
    names: defaultdict[Path, set[str]] = defaultdict(set)
    #: What elements hold themselves, not further below.
    direct: defaultdict[Path, set[str]] = defaultdict(set)
    path: list[str] = []
    stack: list[Element] = []
    seen = 0
    for event, element in _events(stream, mended=build.mended):
        if event == "start":
            stack.append(element)
            path.append(local(element.tag))
            _check_depth(path)
            counts[tuple(path)] += 1
            inside = {path[-1], *(local(name) for name in element.attrib)}
            for depth in range(1, len(path)):
                names[tuple(path[:depth])] |= inside
            names[tuple(path)] |= {local(name) for name in element.attrib}
            direct[tuple(path[:-1])].add(path[-1])
            direct[tuple(path)] |= {local(name) for name in element.attrib}
            seen += 1
        else:
            _note(build, path, element)
            stack.pop()
            path.pop()
            if stack:
                del stack[-1][:]
            if seen > _LOOKED_AT:
                break
    build.root = min(counts, key=len)[0] if counts else ""
    build.records = _candidates(counts, names)
    chosen = tuple(record.split("/"))
    build.record = chosen if chosen in counts else _record_path(counts, names, direct, build)
    return build


def _candidates(counts: Counter[Path], names: Mapping[Path, set[str]]) -> list[dict[str, Any]]:
    """Elements that hold something, those first that hold what we know and stand there often."""
    found = [path for path in counts if len(path) > 1 and len(names[path]) > 1]
    known = {path: sum(normal(name) in BY_NAME for name in names[path]) for path in found}
    found.sort(key=lambda path: (-min(known[path], 2), -counts[path], -known[path], path))
    return [
        {"record": "/".join(path), "times": counts[path], "holds": sorted(names[path])[:_MOST_NAMED]}
        for path in found[:_MOST_OFFERED]
    ]


def records(stream: BinaryIO, build: Build) -> Iterator[Node]:
    """The records as nodes, in their order. Raises ``UnreadableFile``."""
    path: list[str] = []
    stack: list[Element] = []
    size = 0
    deep = len(build.record)
    for event, element in _events(stream, mended=build.mended):
        if event == "start":
            stack.append(element)
            path.append(local(element.tag))
            _check_depth(path)
            size += 1
            if len(path) <= deep:
                size = 0
            elif size > _MOST_IN_RECORD:
                raise UnreadableFile("malformed", "One product of the file holds too many elements.")
            continue
        if tuple(path) == build.record:
            node = _node(element)
            yield node if not isinstance(node, str) else {"": [node]}
        stack.pop()
        path.pop()
        if stack and len(path) <= deep - 1:
            del stack[-1][:]


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _events(stream: BinaryIO, *, mended: bool) -> Iterator[tuple[str, Any]]:
    _skip_marks(stream)
    source = Mended(stream) if mended else stream
    try:
        yield from iterparse(source, events=("start", "end"), forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise UnreadableFile(
            "entities", "The file declares entities or refers to other files. Save it without them."
        ) from error
    except ParseError as error:
        line = error.position[0] if getattr(error, "position", None) else None
        raise UnreadableFile(
            "malformed", f"The file is no well-formed XML: {error.msg if hasattr(error, 'msg') else error}.", row=line
        ) from error
    except (ValueError, LookupError, UnicodeError) as error:
        raise UnreadableFile("encoding", "The file's encoding is not known. Save it as UTF-8.") from error


def _skip_marks(stream: BinaryIO) -> None:
    """To the beginning of the document: programs write byte-order marks twice, and empty lines before it."""
    stream.seek(0)
    start = stream.read(_BEFORE)
    bare = start
    while bare.startswith(BOM_UTF8) or bare[:1].isspace():
        bare = bare.removeprefix(BOM_UTF8).lstrip()
    stream.seek(len(start) - len(bare))


def _check_depth(path: list[str]) -> None:
    if len(path) > _DEEPEST:
        raise UnreadableFile("malformed", f"The file's elements stand more than {_DEEPEST} levels deep.")


def _note(build: Build, path: list[str], element: Element) -> None:
    """What stands outside the records and explains them."""
    name = path[-1]
    if name == "category" and len(path) > 1 and path[-2] == "categories" and element.get("id"):
        if len(build.categories) < _MOST_CATEGORIES:
            build.categories[str(element.get("id"))] = (element.get("parentId", ""), (element.text or "").strip())
    elif name == "MIME_ROOT":
        build.mime_root = (element.text or "").strip()
    elif name == "CURRENCY" and len(path) > 1 and path[-2] == "CATALOG":
        build.currency = (element.text or "").strip()


def _record_path(
    counts: Counter[Path], names: Mapping[Path, set[str]], direct: Mapping[Path, set[str]], build: Build
) -> Path:
    fields = {
        path: {BY_NAME[normal(name)] for name in names[path] if normal(name) in BY_NAME} for path in counts if path
    }
    usual = [path for path in counts if path[-1].lower() in _USUAL and len(path) > 1 and len(names[path]) > 1]
    repeated = [path for path, count in counts.items() if count > 1 and len(fields[path]) > 1]
    titled = [
        path
        for path in repeated
        if "title" in (told := {BY_NAME.get(normal(name)) for name in direct.get(path, ())} - {None}) and len(told) > 1
    ]
    rich = [path for path in counts if len(path) > 1 and len(fields[path]) > 1]
    for found in ([path for path in usual if len(fields[path]) > 1], titled, repeated, usual, rich):
        if found:
            return min(found, key=lambda path: (len(path), -len(fields[path]), -counts[path]))
    raise UnreadableFile(
        "no_products",
        "No element of the file looks like a product, with a name and a price or a SKU.",
        detected={"records": build.records, "columns": []},
    )


def _node(element: Element) -> Node | str:
    node: dict[str, list[Any]] = {}
    for name, value in element.attrib.items():
        if value.strip():
            node.setdefault(local(name), []).append(value.strip())
    for child in element:
        pair = _pair(child)
        if pair is not None:
            node.setdefault(pair[0], []).append(pair[1])
            continue
        inner = _node(child)
        if inner:
            node.setdefault(local(child.tag), []).append(inner)
    text = (element.text or "").strip()
    if not node:
        return text
    if text:
        node[""] = [text]
    return node


def _pair(element: Element) -> tuple[str, str] | None:
    """A named value: ``<param name="Colour">red</param>``, or a name and a value as children."""
    name = element.get("name") or element.get("Name")
    if name and len(element) == 0:
        text = (element.text or "").strip()
        return (name.strip(), text) if text and name.strip() else None
    children = {local(child.tag).lower(): (child.text or "").strip() for child in element if len(child) == 0}
    for key, value in _PAIRS:
        if children.get(key) and children.get(value) and len(children) <= 4:
            return children[key], children[value]
    return None
