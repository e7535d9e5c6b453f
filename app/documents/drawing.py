"""Papers as PDF: one document for any number of papers, with only the fonts that their texts need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from typing import Any, cast

from babel.dates import format_date
from barcode.codex import Code128
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos
from PIL import Image

from app.documents import fonts
from app.documents.papers import COMMERCIAL_INVOICE, PACKING_SLIP, RETURN_SLIP, OrderSheet, Paper, PaperLine, PickList
from app.documents.words import RIGHT_TO_LEFT, words
from app.kit.money import Money

#: Millimetres.
_MARGIN, _WIDTH, _HEIGHT = 18.0, 210.0, 297.0
_INNER = _WIDTH - 2 * _MARGIN
_LOGO_WIDTH, _LOGO_HEIGHT = 60.0, 18.0
_FOOT = 20.0
_CELL_LINE, _CELL_SPACE, _GAP = 5.0, 1.4, 2.0
_BOX = "[   ]"
#: Points.
_CELL_SIZE = 9.5
_GREY, _INK, _RULE = (100, 108, 118), (24, 28, 34), (214, 218, 224)


def draw(papers: Sequence[Paper]) -> bytes:
    """One PDF with all papers, each beginning on a page of its own and counting its own pages."""
    pdf = _Document(fonts.needed(text for paper in papers for text in _texts(paper)))
    for paper in papers:
        pdf.begin(paper)
        _DRAWN[paper.kind](pdf, paper)
    return pdf.bytes()


def draw_pick_list(pick: PickList) -> bytes:
    """The pick list, in English as the portal's lists are."""
    texts = [pick.title, *(text for line, _ in pick.lines for text in (line.title, line.sku))]
    pdf = _Document(fonts.needed(texts))
    pdf.begin(None)
    pdf.heading(pick.title, ", ".join(pick.numbers))
    pdf.rows(
        (("", 12.0), ("SKU", 38.0), ("Item", _INNER - 112.0), ("Units", 18.0), ("For", 44.0)),
        [
            (
                "[   ]",
                line.sku,
                line.title,
                str(line.quantity),
                ", ".join(f"{number}: {units}" for number, units in shares),
            )
            for line, shares in pick.lines
        ],
    )
    return pdf.bytes()


def draw_order_sheets(sheets: Sequence[OrderSheet]) -> bytes:
    """Purchase orders, each beginning on a page of its own, in English as the portal's lists are."""
    texts = [text for sheet in sheets for text in _sheet_texts(sheet)]
    pdf = _Document(fonts.needed(texts), plain=fonts.are_plain(texts))
    for sheet in sheets:
        pdf.begin(None)
        top = pdf.get_y()
        pdf.barcode(sheet.number, _WIDTH - _MARGIN - 62, top, 62, 12)
        pdf.set_xy(_MARGIN, top)
        pdf.heading(f"Purchase order {sheet.number}", sheet.retailer)
        pdf.set_y(max(pdf.get_y(), top + 22))
        pdf.rows((("", 45.0), ("", _INNER - 45.0)), sheet.facts)
        pdf.ln(4)
        pdf.rows(
            (("#", 10.0), ("SKU", 40.0), ("Item", _INNER - 100.0), ("Units", 20.0), ("Price of one", 30.0)),
            sheet.lines,
            numbers=2,
        )
        pdf.said(f"Goods and shipping: {sheet.total}, before the fee that is kept of it.", size=10, bold=True)
    return pdf.bytes()


def _sheet_texts(sheet: OrderSheet) -> Iterable[str]:
    """All that stands on it but for our own words."""
    yield from (sheet.number, sheet.retailer, sheet.total)
    yield from (fact for pair in sheet.facts for fact in pair)
    yield from (cell for line in sheet.lines for cell in line)


class _Document(FPDF):
    def __init__(self, more_fonts: Iterable[str], *, plain: bool = False) -> None:
        super().__init__(format="A4")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_FOOT)
        self.set_creator("Crossdock")
        self._more_fonts = list(more_fonts)
        fonts.install(self, self._more_fonts, plain=plain)
        self._paper: Paper | None = None
        self._first = 1

    def begin(self, paper: Paper | None) -> None:
        """A new page of a new paper."""
        # The last page of the paper before gets its foot here.
        self.add_page()
        self._paper, self._first = paper, self.page

    def footer(self) -> None:
        """Which page of which paper it is."""
        said = words(self._paper.language if self._paper else "en")
        self.set_y(-_FOOT + 6)
        self._text(f"{said['page']} {self.page - self._first + 1}", size=8, colour=_GREY, align="C")

    def bytes(self) -> bytes:
        """The file."""
        return bytes(self.output())

    @property
    def mirrored(self) -> bool:
        """Whether the paper reads from right to left."""
        return self._paper is not None and self._paper.language in RIGHT_TO_LEFT

    def _text(self, text: str, *, size: float = 10, bold: bool = False, colour: tuple[int, int, int] = _INK,
              align: str = "", width: float = 0, height: float | None = None) -> None:  # fmt: skip
        self._select(size, bold=bold)
        self.set_text_color(*colour)
        self._set(width, height or size * 0.5, text, align or ("R" if self.mirrored else "L"), XPos.LMARGIN)

    def _set(self, width: float, height: float, text: str, align: str, new_x: XPos) -> None:
        """A text in a column, in as many lines as it needs."""
        if self._is_line(text, width):
            self.cell(width, height, text, align=align, new_x=new_x, new_y=YPos.NEXT)
        else:
            self.multi_cell(width, height, text, align=align, new_x=new_x, new_y=YPos.NEXT)

    def _is_line(self, text: str, width: float) -> bool:
        """Whether a text needs no breaking, which is most of the work: fpdf2 measures each letter several times for it.
        Where fallback fonts are loaded only breaking finds out which letters are theirs."""
        if self._more_fonts or "\n" in text or "\u00ad" in text:
            return False
        room = (width or self.w - self.r_margin - self.x) - 2 * self.c_margin
        return float(self.get_string_width(text)) <= room

    def _select(self, size: float, *, bold: bool = False) -> None:
        self.set_font(fonts.MAIN, "B" if bold else "", size)
        if self._more_fonts:
            # fpdf2 writes a font down with its first text, and loses it again where that text begins with a fallback
            # font's letters: all that follows would be set in the font before.
            self.text(self.x, self.y, " ")

    def heading(self, title: str, note: str) -> None:
        """The paper's name."""
        self._text(title, size=18, bold=True)
        if note:
            self._text(note, size=10, colour=_GREY)
        self.ln(4)

    def branded(self, paper: Paper) -> None:
        """Logo or name on one side, the barcode on the other, the paper's name below."""
        top = self.get_y()
        left, right = (_WIDTH - _MARGIN - _LOGO_WIDTH, _MARGIN) if self.mirrored else (_MARGIN, _WIDTH - _MARGIN - 62)
        if paper.brand.logo is not None:
            with Image.open(BytesIO(paper.brand.logo)) as logo:
                shrink = min(_LOGO_WIDTH / logo.width, _LOGO_HEIGHT / logo.height)
                self.image(logo, x=left, y=top, w=logo.width * shrink, h=logo.height * shrink)
        else:
            self.set_xy(left, top + 3)
            self._text(paper.brand.name, size=15, bold=True, colour=_rgb(paper.brand.colour), width=_LOGO_WIDTH)
        self.barcode(paper.number, right, top, 62, 12)
        self.set_xy(_MARGIN, top + 24)
        self.set_draw_color(*_rgb(paper.brand.colour))
        self.set_line_width(0.8)
        self.line(_MARGIN, self.get_y(), _WIDTH - _MARGIN, self.get_y())
        self.ln(5)
        said = words(paper.language)
        day = format_date(paper.day, format="long", locale=paper.language)
        self.heading(said[paper.kind], f"{said['order']} {paper.order}  ·  {said['date']}: {day}")

    def barcode(self, text: str, x: float, y: float, width: float, height: float) -> None:
        """Code 128 with the text below it (ISO/IEC 15417)."""
        bars = Code128(text).build()[0]
        unit = width / len(bars)
        self.set_fill_color(0, 0, 0)
        start = 0
        while (start := bars.find("1", start)) >= 0:
            end = bars.find("0", start)
            end = len(bars) if end < 0 else end
            self.rect(x + start * unit, y, (end - start) * unit, height, style="F")
            start = end
        self.set_xy(x, y + height + 0.5)
        self._select(8)
        self.set_text_color(*_INK)
        self.cell(width, 4, text, align="C")

    def blocks(self, *blocks: tuple[str, Sequence[str]]) -> None:
        """Addresses side by side, each with its title."""
        width, top, lowest = _INNER / len(blocks), self.get_y(), self.get_y()
        ordered = list(reversed(blocks)) if self.mirrored else list(blocks)
        for index, (title, lines) in enumerate(ordered):
            self.set_left_margin(_MARGIN + index * width)
            self.set_y(top)
            self._text(title, size=8, colour=_GREY, width=width - 4)
            for line in lines:
                self._text(line, size=10.5, width=width - 4)
            lowest = max(lowest, self.get_y())
        self.set_left_margin(_MARGIN)
        self.set_xy(_MARGIN, lowest + 6)

    def rows(self, columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> None:
        """Rows below titles that stand again on every page; the last ``numbers`` columns are set to the right. A row
        stands on one page."""
        order = list(reversed(range(len(columns)))) if self.mirrored else list(range(len(columns)))
        across = [
            (index, columns[index][1], "R" if (index >= len(columns) - numbers) != self.mirrored else "L")
            for index in order
        ]
        titles = [title for title, _ in columns]
        self._row(titles, across, bold=True)
        for row in rows:
            if self.get_y() + self._height(row, across) > _HEIGHT - _FOOT:
                self.add_page()
                self._row(titles, across, bold=True)
            self._row(row, across)
        self.ln(6)

    def _height(self, row: Sequence[str], across: Sequence[tuple[int, float, str]]) -> float:
        self._select(_CELL_SIZE)
        heights = [
            _CELL_LINE
            if self._is_line(row[index], width - _GAP)
            else self.multi_cell(width - _GAP, _CELL_LINE, row[index], dry_run=True, output=MethodReturnValue.HEIGHT)
            for index, width, _ in across
        ]
        return max(float(cast(float, height)) for height in heights) + 2 * _CELL_SPACE

    def _row(self, row: Sequence[str], across: Sequence[tuple[int, float, str]], *, bold: bool = False) -> None:
        top, left, lowest = self.get_y() + _CELL_SPACE, _MARGIN, self.get_y()
        self.set_text_color(*_INK)
        for index, width, side in across:
            self.set_xy(left, top)
            self._select(_CELL_SIZE, bold=bold)
            self._set(width - _GAP, _CELL_LINE, row[index], side, XPos.RIGHT)
            lowest = max(lowest, self.get_y())
            left += width
        self.set_draw_color(*_RULE)
        self.set_line_width(0.2)
        self.line(_MARGIN, lowest + _CELL_SPACE, _WIDTH - _MARGIN, lowest + _CELL_SPACE)
        self.set_xy(_MARGIN, lowest + _CELL_SPACE)

    def said(self, text: str, **more: Any) -> None:
        """A paragraph."""
        self._text(text, **more)
        self.ln(2)

    def questions(self, paper: Paper) -> None:
        """How the shop can be asked."""
        if paper.brand.contact:
            asked = words(paper.language)["questions"]
            self.said(f"{asked} {'  ·  '.join(paper.brand.contact)}", size=9.5, colour=_GREY)


def _packing_slip(pdf: _Document, paper: Paper) -> None:
    said = words(paper.language)
    pdf.branded(paper)
    pdf.blocks((said["ship_to"], paper.address), (said["from"] if paper.sender else "", paper.sender))
    _lines(pdf, paper)
    if paper.brand.message:
        pdf.said(paper.brand.message, size=11)
    pdf.questions(paper)


def _return_slip(pdf: _Document, paper: Paper) -> None:
    said = words(paper.language)
    pdf.branded(paper)
    pdf.blocks((said["return_to"], paper.sender), (said["from"], paper.address))
    pdf.said(said["return_how"])
    pdf.rows(
        (
            ("", 12.0),
            (said["item"], _INNER - 118.0),
            (said["sku"], 34.0),
            (said["quantity"], 22.0),
            (said["reason"], 50.0),
        ),
        [(_BOX, line.title, line.sku, str(line.quantity), " ") for line in paper.lines],
    )  # fmt: skip
    pdf.questions(paper)


def _commercial_invoice(pdf: _Document, paper: Paper) -> None:
    """In the language of the destination and, since customs of both sides read it, in English."""
    both = [words("en")] + ([] if paper.language == "en" else [words(paper.language)])
    said = {key: " / ".join(dict.fromkeys(one[key] for one in both)) for key in both[0]}
    titles = {key: text.replace(" / ", "\n") for key, text in said.items()}
    pdf.branded(paper)
    pdf.blocks((said["from"], paper.sender), (said["to"], paper.address))
    total = sum((line.unit_value or 0) * line.quantity for line in paper.lines)
    grams = sum((line.weight_grams or 0) * line.quantity for line in paper.lines)
    pdf.rows(
        (
            (titles["item"], _INNER - 124.0), (titles["tariff_number"], 30.0), (titles["origin"], 22.0),
            (titles["quantity"], 22.0), (titles["weight"], 22.0), (titles["value"], 28.0),
        ),
        [
            (
                f"{line.title}\n{line.sku}", line.tariff_number or "–", line.origin or "–", str(line.quantity),
                _kilograms((line.weight_grams or 0) * line.quantity),
                _amount((line.unit_value or 0) * line.quantity, paper),
            )
            for line in paper.lines
        ],
        numbers=3,
    )  # fmt: skip
    pdf.said(f"{said['total']}: {_amount(total, paper)}  ·  {said['weight']}: {_kilograms(grams)}", bold=True, size=11)
    pdf.said(said["declaration"])
    pdf.ln(14)
    pdf.said(f"{said['signature']}: ______________________________")


_DRAWN = {PACKING_SLIP: _packing_slip, RETURN_SLIP: _return_slip, COMMERCIAL_INVOICE: _commercial_invoice}


def _lines(pdf: _Document, paper: Paper) -> None:
    said = words(paper.language)
    pdf.rows(
        ((said["item"], _INNER - 66.0), (said["sku"], 42.0), (said["quantity"], 24.0)),
        [(line.title, line.sku, str(line.quantity)) for line in paper.lines],
        numbers=1,
    )


def _texts(paper: Paper) -> Iterable[str]:
    yield from words(paper.language).values()
    yield from (paper.brand.name, paper.brand.message, paper.order, paper.number)
    yield from (*paper.brand.contact, *paper.address, *paper.sender)
    for line in paper.lines:
        yield from _line_texts(line)
    yield format_date(date(2026, 1, 1), format="long", locale=paper.language)


def _line_texts(line: PaperLine) -> Iterable[str]:
    return (line.title, line.sku)


def _amount(minor: int, paper: Paper) -> str:
    return f"{Money(minor, paper.currency).amount} {paper.currency}"


def _kilograms(grams: int) -> str:
    return f"{grams / 1000:.3f} kg" if grams else "–"


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
