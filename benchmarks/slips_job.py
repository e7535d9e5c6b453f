"""``python -m benchmarks.slips_job ours|bare COUNT``: draw so many packing slips in a process of their own, and say how
long it took and how much memory."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Sequence
from datetime import date

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from app.documents import fonts
from app.documents.drawing import draw
from app.documents.papers import PACKING_SLIP, BrandOnPaper, Paper, PaperLine
from app.documents.words import words

_LANGUAGES = ("en", "de", "fr", "pl", "el", "es")
_STREETS = ("Harbour Street", "Rue de la Paix", "Ulica Długa", "Οδός Αθηνάς", "Calle Mayor", "Große Straße")
_GOODS = (
    "Desk lamp, brass",
    "Linen cushion, sand, 40 × 40 cm",
    "Oak chair with a woven seat",
    "Wall clock",
    "Rug, wool",
)


def slips(count: int) -> list[Paper]:
    """Packing slips of one to five lines, of ten shops, in six languages."""
    brands = [
        BrandOnPaper(
            name=f"Shop {number}",
            message="Thank you for your order. Keep this slip: you need it to send something back.",
            contact=(f"help@shop-{number}.example", f"shop-{number}.example"),
        )
        for number in range(10)
    ]
    return [
        Paper(
            kind=PACKING_SLIP,
            language=_LANGUAGES[number % len(_LANGUAGES)],
            brand=brands[number % len(brands)],
            number=f"{1001 + number}-1",
            order=f"#{20_000 + number}",
            day=date(2026, 11, 29),
            address=(
                f"Sam Taylor {number}",
                f"{number % 200 + 1} {_STREETS[number % len(_STREETS)]}",
                f"{10_000 + number} Portland",
                "GREECE",
            ),
            sender=("Nordlicht",),
            lines=[
                PaperLine(title=_GOODS[line % len(_GOODS)], sku=f"SKU-{number:05d}-{line}", quantity=line + 1)
                for line in range(number % 5 + 1)
            ],
        )
        for number in range(count)
    ]


def bare(papers: Sequence[Paper]) -> bytes:
    """The same words with the same fonts on as many pages, line below line: what fpdf2 itself takes."""
    pdf = FPDF(format="A4")
    fonts.install(pdf, [])
    for paper in papers:
        said = words(paper.language)
        pdf.add_page()
        pdf.set_font(fonts.MAIN, "", 10)
        for text in (
            paper.brand.name,
            paper.number,
            said[paper.kind],
            f"{said['order']} {paper.order}  ·  {said['date']}: {paper.day}",
            said["ship_to"],
            *paper.address,
            f"{said['item']} {said['sku']} {said['quantity']}",
            *(f"{line.title} {line.sku} {line.quantity}" for line in paper.lines),
            paper.brand.message,
            f"{said['questions']} {'  ·  '.join(paper.brand.contact)}",
            f"{said['page']} 1",
        ):
            pdf.multi_cell(0, 5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    return bytes(pdf.output())


def main() -> int:
    """See the module."""
    which, papers = sys.argv[1], slips(int(sys.argv[2]))
    begun = time.perf_counter()
    content = draw(papers) if which == "ours" else bare(papers)
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": took, "peak_mb": peak, "bytes": len(content)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
