"""What kinds of papers are called on pages."""

from __future__ import annotations

from app.documents.papers import COMMERCIAL_INVOICE, PACKING_SLIP, RETURN_SLIP
from app.kit.texts import marked as _

PAPER_WORDS = {
    PACKING_SLIP: _("Packing slip"),
    RETURN_SLIP: _("Return slip"),
    COMMERCIAL_INVOICE: _("Commercial invoice"),
}
