"""The words that products are found by, those most like a mistyped one, and words that mean the same."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Text, bindparam, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.models import CatalogWord, Synonym
from app.catalog.search import rules
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id

#: Most words that a mistyped one is replaced by.
_ALIKE = 3
#: Synonyms are read again after so many seconds.
_KEPT = 30.0
#: Entries whose transaction took this long are still learnt from.
_OVERLAP = timedelta(minutes=15)

_LEARN = text(
    "insert into catalog_words (word, learned_at) "
    "select distinct lexeme, cast(:now as timestamptz) from catalog_entries e, "
    "lateral unnest(tsvector_to_array(ts_filter(e.words, '{a}'))) lexeme "
    "where e.changed_at >= :since and length(lexeme) between :least and 40 and lexeme !~ '[^[:alpha:]]' "
    "order by lexeme on conflict (word) do update set learned_at = excluded.learned_at"
)


def learn(session: Session) -> int:
    """Take up the words of titles that have changed since the last time. Returns how many words they had."""
    last = session.scalar(select(func.max(CatalogWord.learned_at)))
    since = last - _OVERLAP if last else None
    values = {"now": clock.now(), "since": since or "-infinity", "least": rules.CORRECTED_FROM}
    return int(session.execute(_LEARN, values).rowcount)  # type: ignore[attr-defined]


def corrections(session: Session, terms: Sequence[str]) -> list[list[str]] | None:
    """Each term, or the words most like it where no product has it; None where nothing is to be corrected."""
    known: list[list[str]] = []
    changed = False
    same = synonyms(session)
    for term in terms:
        if not rules.correctable(term) or _is_known(session, term):
            known.append([term, *same.get(term, ())])
            continue
        alike = _alike(session, term)
        changed |= bool(alike)
        known.append(alike or [term])
    return known if changed else None


def _alike(session: Session, term: str) -> list[str]:
    """The words most like one that no product has. Of a short word swapped letters leave too few trigrams standing
    to be found by, so these are looked up as words."""
    swapped = session.scalars(
        select(CatalogWord.word).where(CatalogWord.word.in_(rules.swapped(term))).order_by(CatalogWord.word)
    ).all()
    if len(term) < rules.ALIKE_FROM:
        return list(swapped[:_ALIKE])
    alike = session.scalars(
        select(CatalogWord.word)
        .where(CatalogWord.word.op("%")(term))
        .order_by(
            func.similarity(CatalogWord.word, term).desc(),
            func.abs(func.length(CatalogWord.word) - len(term)),
            CatalogWord.word,
        )
        .limit(_ALIKE)
    ).all()
    return list(dict.fromkeys([*swapped, *alike]))[:_ALIKE]


def _is_known(session: Session, term: str) -> bool:
    return bool(
        session.scalar(select(literal(True)).where(select(CatalogWord).where(CatalogWord.word == term).exists()))
    )


_LEXEMES = " || ".join(
    f"tsvector_to_array(to_tsvector('{language}', word))" for language in ("simple", *rules.LANGUAGES)
)
_FORMS = text(
    f"select word, array(select distinct unnest({_LEXEMES})) from unnest(:words) word"  # noqa: S608 - our own
).bindparams(bindparam("words", type_=ARRAY(Text)))
_forms: dict[str, tuple[str, ...]] = {}
_FORMS_MOST = 20_000


def forms_of(session: Session, words: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The stems of words in all languages; they never change, so they are asked for once."""
    unknown = sorted({word for word in words if word not in _forms})
    if unknown:
        if len(_forms) > _FORMS_MOST:
            _forms.clear()
        for word, forms in session.execute(_FORMS, {"words": unknown}):
            _forms[word] = tuple(sorted(forms))
    return {word: _forms.get(word, ()) for word in words}


_synonyms: tuple[float, Mapping[str, Sequence[str]]] = (0.0, {})


def synonyms(session: Session) -> Mapping[str, Sequence[str]]:
    """For each word those that mean the same. Another process's changes are seen within half a minute."""
    global _synonyms
    read_at, known = _synonyms
    if read_at and time.monotonic() - read_at < _KEPT:
        return known
    found: dict[str, list[str]] = {}
    for words in session.scalars(select(Synonym.words)):
        for word in words:
            found.setdefault(word, []).extend(other for other in words if other != word)
    _synonyms = (time.monotonic(), found)
    return found


def forget_synonyms() -> None:
    """Read them again the next time."""
    global _synonyms
    _synonyms = (0.0, {})


def all_synonyms(session: Session) -> Sequence[Synonym]:
    """All of them, by their first words."""
    return session.scalars(select(Synonym).order_by(Synonym.words, Synonym.id)).all()


def save_synonym(session: Session, text_: str, synonym_id: UUID | None = None) -> None:
    """Keep words that mean the same: new ones, or others in place of those of ``synonym_id``. Raises ``Invalid`` and
    ``NotFound``."""
    try:
        words = rules.synonym_words(text_)
    except ValueError as error:
        raise Invalid.field("words", "not_synonyms", str(error)) from error
    row = session.get(Synonym, synonym_id) if synonym_id else Synonym(id=new_id())
    if row is None:
        raise NotFound("synonym")
    row.words, row.updated_at = words, clock.now()
    session.add(row)
    forget_synonyms()


def remove_synonym(session: Session, synonym_id: UUID) -> None:
    """Forget one; harmless where it is gone."""
    session.execute(delete(Synonym).where(Synonym.id == synonym_id))
    forget_synonyms()
