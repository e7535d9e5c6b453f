"""The tree: Google's product taxonomy, as much of it as the installation has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.catalog.categories.rules import key_of, terms_of
from app.config import settings

_OURS = Path(__file__).with_name("tree.txt")


@dataclass(frozen=True, slots=True)
class Node:
    """A category: Google's id, the path from the top (``Furniture > Chairs``), and the words of its name and path."""

    id: int
    path: str
    words: frozenset[str]
    path_words: frozenset[str]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit(" > ", 1)[-1]


class Tree:
    """All nodes, by id, path and word."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: Mapping[int, Node] = {node.id: node for node in nodes}
        self._by_key = {key_of(node.path): node for node in self.nodes.values()}
        self._by_word: defaultdict[str, list[Node]] = defaultdict(list)
        for node in self.nodes.values():
            for word in node.words:
                self._by_word[word].append(node)

    def find(self, text: str) -> Node | None:
        """The node of an id (``594``, or ``594 - Home & Garden > …``) or of a whole path, however it is written."""
        head = text.split(" - ", 1)[0].strip()
        if head.isascii() and head.isdigit() and len(head) < 10:
            return self.nodes.get(int(head))
        return self._by_key.get(key_of(text))

    def with_words(self, words: Iterable[str]) -> Sequence[Node]:
        """Nodes whose name has any of the words."""
        return list({node.id: node for word in words for node in self._by_word.get(word, ())}.values())

    def search(self, text: str, limit: int = 20) -> Sequence[Node]:
        """Nodes for somebody who types: every word begins a word of the path; short paths first."""
        wanted = terms_of(text, stemmed=False)
        found = [
            node
            for node in self.nodes.values()
            if wanted
            and all(any(word.startswith(one) for word in terms_of(node.path, stemmed=False)) for one in wanted)
        ]
        named = [(not all(any(w.startswith(one) for w in terms_of(node.name, stemmed=False)) for one in wanted), node)
                 for node in found]  # fmt: skip
        return [node for _, node in sorted(named, key=lambda one: (one[0], len(one[1].path), one[1].path))][:limit]


def tree() -> Tree:
    """The tree of this installation. Raises ``ValueError`` for a file that is none."""
    return _read(settings().taxonomy_file)


@cache
def _read(path: Path | None) -> Tree:
    nodes = []
    for line in (path or _OURS).read_text(encoding="utf-8-sig").splitlines():
        number, dash, name = line.partition(" - ")
        if line.startswith("#") or not line.strip():
            continue
        if not dash or not number.strip().isdigit():
            raise ValueError(f"{path or _OURS} is not a taxonomy with ids: {line[:60]!r}")
        leaf = name.strip().rsplit(" > ", 1)[-1]
        nodes.append(Node(int(number), name.strip(), frozenset(terms_of(leaf)), frozenset(terms_of(name))))
    return Tree(nodes)
