"""Words of other systems that are too long are seen to be cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.kit.texts import cut


@given(st.text(alphabet="ab \n", max_size=60), st.integers(1, 40))
def test_what_is_cut_says_so_and_begins_as_it_was_said(text: str, longest: int) -> None:
    found = cut(text, longest)
    assert len(found) <= longest
    assert found == text.strip() or (found.endswith("…") and text.strip().startswith(found[:-1]))


def test_it_ends_at_a_word() -> None:
    assert cut("It was packed this morning", 20) == "It was packed this…"
    assert cut("Donaudampfschifffahrtsgesellschaft", 10) == "Donaudamp…"
