"""The fonts of papers: Noto Sans for Latin, Greek and Cyrillic, and two more that are loaded only when needed."""

from __future__ import annotations

import atexit
import re
import threading
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.fonts import TTFFont

#: Where ``make build`` puts them.
FOLDER = Path(__file__).parent / "fonts_built"
MAIN, ARABIC, CJK = "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK"

_ARABIC = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_CJK = re.compile(r"[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
#: Characters of most order sheets: Latin letters, the dashes, quotes and dots between them, and currencies.
_PLAIN = frozenset(
    {*range(0x20, 0x180), *range(0x2010, 0x2028), *range(0x2030, 0x2040), *range(0x20A0, 0x20C1), 0x2122}
)
#: Tables that no text needs whose letters stand one by one, in one weight.
_SHAPING = ("GDEF", "GPOS", "GSUB", "STAT")

#: Where this process keeps the Latin letters alone.
_made: TemporaryDirectory[str] | None = None
_making = threading.Lock()


def needed(texts: Iterable[str]) -> list[str]:
    """Which fonts besides the main one the texts need."""
    whole = "\n".join(texts)
    return [name for name, found in ((ARABIC, _ARABIC), (CJK, _CJK)) if found.search(whole)]


def are_plain(texts: Iterable[str]) -> bool:
    """Whether the main font's Latin letters are enough."""
    return all(_PLAIN.issuperset(map(ord, text)) for text in texts)


def install(pdf: FPDF, more: Iterable[str], *, plain: bool = False) -> None:
    """Put the main font, and those of ``more``, into a document. ``plain``: its Latin letters alone, which are read in
    a fifth of the time and look the same."""
    for style, name in (("", "NotoSans_400Regular.ttf"), ("B", "NotoSans_700Bold.ttf")):
        pdf.add_font(MAIN, style, _latin(name) if plain else FOLDER / name)
    wanted = list(more)
    if ARABIC in wanted:
        pdf.add_font(ARABIC, "", FOLDER / "NotoSansArabic_400Regular.ttf")
        pdf.add_font(ARABIC, "B", FOLDER / "NotoSansArabic_700Bold.ttf")
    if CJK in wanted:
        # One weight: a second one is sixteen megabytes more.
        pdf.add_font(CJK, "", str(files("cvttf_NotoSansCJK_Regular") / "NotoSansCJKtc-Regular.otf"))
    for font in pdf.fonts.values():
        # A letter's box does not change because others are left out: unpacking each to measure it takes as long as all
        # else of the font.
        cast(TTFFont, font).ttfont.recalcBBoxes = False
    if wanted:
        pdf.set_fallback_fonts(wanted, exact_match=False)
    if ARABIC in wanted:
        # Letters join and run from right to left. Others look the same without, in a third of the time.
        pdf.set_text_shaping(True)


def _latin(name: str) -> Path:
    """The Latin letters of a font, as a file. It lives as long as this process; where the machine cleans up temporary
    files that nobody has read for days, it is made again."""
    global _made
    with _making:
        if _made is None:
            atexit.register(_forget)
        if _made is None or not Path(_made.name).is_dir():
            _forget()
            _made = TemporaryDirectory(prefix="crossdock-fonts-", ignore_cleanup_errors=True)
        path = Path(_made.name) / name
        if not path.exists():
            beside = path.with_suffix(".part")
            _save_latin(FOLDER / name, beside)
            beside.replace(path)
    return path


def _save_latin(whole: Path, to: Path) -> None:
    wanted = subset.Options()
    wanted.layout_features, wanted.hinting, wanted.glyph_names, wanted.notdef_outline = [], False, False, True
    with TTFont(whole, lazy=True, recalcTimestamp=False) as font:
        for table in _SHAPING:
            del font[table]
        letters = subset.Subsetter(wanted)
        letters.populate(unicodes=_PLAIN)
        letters.subset(font)
        font.save(to)


def _forget() -> None:
    if _made is not None:
        _made.cleanup()
