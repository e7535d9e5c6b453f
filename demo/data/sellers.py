"""The made-up suppliers and retailers of the launch."""

from __future__ import annotations

from dataclasses import dataclass

from app.suppliers.rules import Rate
from demo.data.assortment import ELECTRONICS, FASHION, HOME


@dataclass(frozen=True, slots=True)
class Seller:
    """A supplier: who it is, and how it sends. ``care``: the share of its orders that go as they should."""

    name: str
    handle: str
    department: str
    business_type: str
    country: str
    timezone: str
    description: str
    handling_days: int
    cutoff_hour: int
    care: float
    #: Whether it sells other makers' goods, which others sell too.
    distributes: bool

    @property
    def rates(self) -> list[Rate]:
        """Dearer and slower the farther."""
        home = Rate("Standard", (self.country,), 390, 90, 1, 3)
        return [home, Rate("International", ("*",), 890, 190, 4, 9)]


@dataclass(frozen=True, slots=True)
class Buyer:
    """A retailer, and what it is interested in."""

    name: str
    handle: str
    country: str
    timezone: str
    departments: tuple[str, ...]
    #: Orders a day, on average.
    daily: float


SELLERS: tuple[Seller, ...] = (
    Seller("Voltwerk", "voltwerk", ELECTRONICS, "manufacturer", "DE", "Europe/Berlin",
           "Chargers and cables, tested one by one in Leipzig.", 1, 15, 0.97, False),
    Seller("Kabelhaus Nord", "kabelhaus-nord", ELECTRONICS, "distributor", "DE", "Europe/Berlin",
           "Everything with a plug, from forty makers, out of one warehouse near Hamburg.", 1, 16, 0.94, True),
    Seller("Tinbird Audio", "tinbird", ELECTRONICS, "manufacturer", "SE", "Europe/Stockholm",
           "Headphones and speakers that can be opened and mended.", 2, 13, 0.95, False),
    Seller("Deskside", "deskside", ELECTRONICS, "manufacturer", "US", "America/Chicago",
           "Keyboards, stands and hubs for people who sit a lot.", 1, 14, 0.95, False),
    Seller("Pacific Parts Supply", "pacific-parts", ELECTRONICS, "wholesaler", "US", "America/Los_Angeles",
           "Accessories by the pallet or by the piece.", 2, 12, 0.88, True),
    Seller("Lumière & Fil", "lumiere-fil", ELECTRONICS, "distributor", "FR", "Europe/Paris",
           "Small electronics for travel and home.", 2, 12, 0.9, True),
    Seller("Hearthline", "hearthline", HOME, "manufacturer", "US", "America/New_York",
           "Lamps and textiles from a mill town in Maine.", 2, 13, 0.96, False),
    Seller("Tonhalle Keramik", "tonhalle", HOME, "manufacturer", "DE", "Europe/Berlin",
           "Stoneware, thrown and glazed in Meissen.", 3, 11, 0.97, False),
    Seller("Casa Oliva", "casa-oliva", HOME, "manufacturer", "ES", "Europe/Madrid",
           "Woven, turned and fired around Valencia.", 3, 12, 0.91, False),
    Seller("Nordhem", "nordhem", HOME, "wholesaler", "DK", "Europe/Copenhagen",
           "Quiet things for the home, from twelve workshops.", 1, 14, 0.95, True),
    Seller("Umber & Oak", "umber-oak", HOME, "manufacturer", "GB", "Europe/London",
           "Kitchen tools that last, made in Sheffield and Leeds.", 2, 13, 0.94, False),
    Seller("Lin d'Ici", "lin-dici", HOME, "manufacturer", "FR", "Europe/Paris",
           "Bed and bath linen of flax grown in Normandy.", 2, 12, 0.96, False),
    Seller("Homeport Trading", "homeport", HOME, "distributor", "NL", "Europe/Amsterdam",
           "Home goods of sixty brands, sent the day they are ordered.", 1, 17, 0.9, True),
    Seller("Prairie Goods", "prairie-goods", HOME, "wholesaler", "US", "America/Denver",
           "Kitchen, bath and garden for the middle of the country.", 2, 14, 0.87, True),
    Seller("Fjordwolle", "fjordwolle", FASHION, "manufacturer", "NO", "Europe/Oslo",
           "Knitwear of Norwegian and New Zealand wool.", 2, 12, 0.96, False),
    Seller("Baumwoll & Söhne", "baumwoll", FASHION, "manufacturer", "DE", "Europe/Berlin",
           "Basics of organic cotton, sewn in the Swabian hills.", 2, 14, 0.94, False),
    Seller("Atelier Marée", "atelier-maree", FASHION, "manufacturer", "FR", "Europe/Paris",
           "Shirts and dresses by the sea.", 3, 11, 0.91, False),
    Seller("Sola Footwear", "sola", FASHION, "manufacturer", "PT", "Europe/Lisbon",
           "Shoes with soles that can be replaced, from Porto.", 3, 12, 0.93, False),
    Seller("Canvas Depot", "canvas-depot", FASHION, "wholesaler", "US", "America/New_York",
           "Bags, belts and everything that goes with them.", 1, 15, 0.92, True),
    Seller("Threadway", "threadway", FASHION, "distributor", "GB", "Europe/London",
           "Clothing of thirty labels under one roof.", 1, 16, 0.89, True),
)  # fmt: skip

BUYERS: tuple[Buyer, ...] = (
    Buyer("Harbour & Hill", "harbour-hill", "US", "America/New_York", (HOME,), 9.0),
    Buyer("Kettle Street", "kettle-street", "GB", "Europe/London", (HOME, FASHION), 6.0),
    Buyer("Plugged", "plugged", "DE", "Europe/Berlin", (ELECTRONICS,), 4.5),
)
