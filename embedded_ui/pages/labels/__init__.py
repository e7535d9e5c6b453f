"""The retailer's account at a gateway that sells postage, for labels with which its customers send things back.
They print at home, so there is no choice of the label's form."""

from app.kit.texts import marked as _
from app.web.pages import Pages
from app.web.postage import add_account_pages

pages = Pages(__name__)
add_account_pages(
    pages,
    permission="orders.write",
    back=("returns.list_returns", _("Returns")),
    boxes=_("Carriers ask for the size. Add the boxes that goods come back in."),
    forms=("PDF",),
)
