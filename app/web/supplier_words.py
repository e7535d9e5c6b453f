"""How the steps of the set-up, kinds of papers and ways of connecting are called, for the portal and the console."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.texts import marked as _

#: Step → its name, and why it is asked.
STEP_WORDS: Mapping[str, tuple[str, str]] = {
    "company": (_("Company"), _("Retailers and tax offices want to know whom they buy from.")),
    "contacts": (_("Contacts and phone"), _("Whom we call when an order is stuck.")),
    "documents": (_("Documents"), _("The extract of the register, and your liability insurance.")),
    "returns": (_("Returns"), _("Where goods come back to, and who pays for it.")),
    "shipping": (_("Shipping"), _("What a parcel costs, when it leaves and when it arrives.")),
    "payout": (_("Payout account"), _("Where your money goes once parcels have arrived.")),
    "connection": (_("How you connect"), _("How products, stock and orders travel between us.")),
    "feed": (_("Product list"), _("A first list, understood and taken over.")),
    "test_order": (_("Test order"), _("One order that you accept and ship, before real ones come.")),
}
KIND_WORDS: Mapping[str, str] = {
    "registration": _("Extract of the companies' register"),
    "insurance": _("Proof of liability insurance"),
    "other": _("Another paper"),
}
CONNECTION_WORDS: Mapping[str, tuple[str, str]] = {
    "portal": (_("Portal"), _("You keep products and stock here, and answer orders here.")),
    "file": (
        _("Files"),
        _("You upload lists of products and stock; orders are answered here, by e-mail, or as CSV files over SFTP."),
    ),
    "api": (_("API"), _("Your system sends stock and fetches, answers and ships orders by our API.")),
    "edi": (
        _("EDI"),
        _("Your system exchanges X12 with ours over SFTP: stock and prices, orders, answers, parcels and invoices."),
    ),
    "shop": (
        _("Your own shop"),
        _("Orders are made in your Shopify or WooCommerce shop, and what you ship there comes back by itself."),
    ),
}
REASON_WORDS: Mapping[str, str] = {
    "damaged": _("Damaged on arrival"),
    "wrong_item": _("Another article than ordered"),
    "not_as_described": _("Not as described"),
    "late": _("Came too late"),
    "changed_mind": _("The shopper changed their mind"),
}
PAYER_WORDS: Mapping[str, str] = {
    "supplier": _("We do"),
    "retailer": _("The retailer"),
    "shopper": _("The shopper"),
}
#: The same as its retailers read it.
RETURN_PAYER_WORDS: Mapping[str, str] = {
    "supplier": _("The supplier pays"),
    "retailer": _("You pay"),
    "shopper": _("The shopper pays"),
}
