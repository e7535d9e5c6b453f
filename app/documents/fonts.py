"""The fonts of papers: Noto Sans for Latin, Greek and Cyrillic, and two more that are loaded only when needed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from fpdf import FPDF

#: Where ``make build`` puts them.
FOLDER = Path(__file__).parent / "fonts_built"
MAIN, ARABIC, CJK = "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK"

_ARABIC = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_CJK = re.compile(r"[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")


def needed(texts: Iterable[str]) -> list[str]:
    """Which fonts besides the main one the texts need."""
    whole = "\n".join(texts)
    return [name for name, found in ((ARABIC, _ARABIC), (CJK, _CJK)) if found.search(whole)]


def install(pdf: FPDF, more: Iterable[str]) -> None:
    """Put the main font, and those of ``more``, into a document."""
    pdf.add_font(MAIN, "", FOLDER / "NotoSans_400Regular.ttf")
    pdf.add_font(MAIN, "B", FOLDER / "NotoSans_700Bold.ttf")
    wanted = list(more)
    if ARABIC in wanted:
        pdf.add_font(ARABIC, "", FOLDER / "NotoSansArabic_400Regular.ttf")
        pdf.add_font(ARABIC, "B", FOLDER / "NotoSansArabic_700Bold.ttf")
    if CJK in wanted:
        # One weight: a second one is sixteen megabytes more.
        pdf.add_font(CJK, "", str(files("cvttf_NotoSansCJK_Regular") / "NotoSansCJKtc-Regular.otf"))
    if wanted:
        pdf.set_fallback_fonts(wanted, exact_match=False)
    if ARABIC in wanted:
        # Letters join and run from right to left. Others look the same without, in a third of the time.
        pdf.set_text_shaping(True)
