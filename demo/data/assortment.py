"""What the made-up suppliers sell: kinds of products, and the words of their titles and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ELECTRONICS, HOME, FASHION = "electronics", "home", "fashion"

_CLOTHES = ("XS", "S", "M", "L", "XL", "XXL")
_SHOES = ("37", "38", "39", "40", "41", "42", "43", "44", "45")

#: Colours with the shade in which they are drawn.
COLOURS: Mapping[str, str] = {
    "Black": "#2b2d31", "White": "#f1efe9", "Grey": "#8d939b", "Navy": "#27406b", "Sand": "#d8c3a0",
    "Olive": "#76804a", "Terracotta": "#c06a45", "Forest": "#2f5d46", "Sky": "#8db9dd", "Rose": "#dba5a9",
    "Mustard": "#d3a13c", "Burgundy": "#7b2d3d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product. ``cost``: wholesale in cents, from and to. ``grams``: weight, from and to. ``sizes``: the
    second option besides the colour, by its name; none for goods that come in colours only."""

    noun: str
    department: str
    #: In the category tree.
    category: str
    #: A key of ``drawing.SHAPES``.
    shape: str
    cost: tuple[int, int]
    grams: tuple[int, int]
    materials: tuple[str, ...]
    #: What it does for whom: whole clauses, of which a text takes two or three.
    merits: tuple[str, ...]
    sizes: tuple[str, tuple[str, ...]] | None = None
    colours: int = 4


def _electronics(noun: str, category: str, shape: str, cost: tuple[int, int], grams: tuple[int, int],
                 materials: tuple[str, ...], merits: tuple[str, ...], sizes: tuple[str, tuple[str, ...]] | None = None,
                 colours: int = 3) -> Kind:  # fmt: skip
    return Kind(noun, ELECTRONICS, f"Electronics > {category}", shape, cost, grams, materials, merits, sizes, colours)


def _home(noun: str, category: str, shape: str, cost: tuple[int, int], grams: tuple[int, int],
          materials: tuple[str, ...], merits: tuple[str, ...], sizes: tuple[str, tuple[str, ...]] | None = None,
          colours: int = 4) -> Kind:  # fmt: skip
    return Kind(noun, HOME, f"Home & Garden > {category}", shape, cost, grams, materials, merits, sizes, colours)


def _fashion(noun: str, category: str, shape: str, cost: tuple[int, int], grams: tuple[int, int],
             materials: tuple[str, ...], merits: tuple[str, ...], sizes: tuple[str, tuple[str, ...]] | None = None,
             colours: int = 4) -> Kind:  # fmt: skip
    return Kind(noun, FASHION, category, shape, cost, grams, materials, merits, sizes, colours)


_WEAR = "Apparel & Accessories > Clothing > "
_EXTRAS = "Apparel & Accessories > Clothing Accessories > "

KINDS: tuple[Kind, ...] = (
    _electronics("USB-C cable", "Electronics Accessories > Cables", "cable", (180, 900), (25, 120),
                 ("braided nylon", "soft silicone", "recycled polyester braid"),
                 ("carries up to 100 W, enough for most laptops", "bends without kinking at the plug",
                  "keeps its shape in a bag thanks to the hook-and-loop strap", "moves large files at 10 Gbit/s"),
                 ("Length", ("0.5 m", "1 m", "2 m", "3 m"))),
    _electronics("wall charger", "Electronics Accessories > Power > Power Adapters & Chargers", "charger", (600, 2600),
                 (60, 220), ("flame-retardant polycarbonate", "matt ABS"),
                 ("charges a phone and a laptop at the same time", "stays cool under full load",
                  "folds its prongs away for travel", "tells each device how much it may draw"),
                 ("Power", ("20 W", "45 W", "65 W", "100 W"))),
    _electronics("power bank", "Electronics Accessories > Power > Batteries", "slab", (900, 4200), (180, 520),
                 ("brushed aluminium", "rubberised ABS"),
                 ("fills a phone two to four times", "shows what is left to the percent",
                  "may go into hand luggage", "charges itself in under three hours"),
                 ("Capacity", ("5,000 mAh", "10,000 mAh", "20,000 mAh"))),
    _electronics("wireless earbuds", "Audio > Audio Components > Headphones & Headsets > Headphones", "buds",
                 (1400, 6500), (40, 75), ("matt polycarbonate", "recycled plastic"),
                 ("block the hum of trains and offices", "play for eight hours, and thirty with the case",
                  "pause when one is taken out", "survive rain and sweat (IPX5)")),
    _electronics("over-ear headphones", "Audio > Audio Components > Headphones & Headsets > Headphones", "headphones",
                 (2400, 9800), (210, 320), ("protein leather and steel", "memory foam and aluminium"),
                 ("fold flat into their pouch", "stay comfortable for a whole working day",
                  "switch between two devices by themselves", "take a cable when the battery is empty")),
    _electronics("Bluetooth speaker", "Audio > Audio Components > Speakers", "speaker", (1500, 7800), (280, 980),
                 ("woven fabric and rubber", "anodised aluminium"),
                 ("fills a garden table with sound", "pairs with a second one for stereo",
                  "floats, speaker side up", "plays for fourteen hours")),
    _electronics("mechanical keyboard", "Electronics Accessories > Computer Components > Input Devices > Keyboards",
                 "keyboard", (2800, 9500), (620, 1150), ("aluminium and PBT", "polycarbonate and PBT"),
                 ("takes other switches without soldering", "keeps three computers in mind",
                  "lights only the keys in use", "rests at two angles"),
                 ("Switches", ("Linear", "Tactile", "Silent"))),
    _electronics("wireless mouse", "Electronics Accessories > Computer Components > Input Devices > Mice & Trackballs",
                 "mouse", (900, 4800), (68, 140), ("recycled ABS", "soft-touch polycarbonate"),
                 ("tracks on glass", "clicks almost without a sound", "charges over USB-C once a month",
                  "fits medium and large hands")),
    _electronics("laptop stand", "Electronics Accessories > Computer Accessories", "stand", (1100, 4500), (380, 1300),
                 ("anodised aluminium", "bamboo", "powder-coated steel"),
                 ("lifts the screen to eye level", "folds to the size of a ruler", "holds up to 10 kg without a wobble",
                  "leaves the fans room to breathe")),
    _electronics("phone case", "Communications > Telephony > Mobile Phone Accessories > Mobile Phone Cases", "phone",
                 (280, 1600), (24, 60), ("plant-based TPU", "silicone with a soft lining", "clear polycarbonate"),
                 ("survives a fall from two metres", "lets wireless chargers through", "keeps the buttons crisp",
                  "raises an edge around the cameras"),
                 ("Model", ("14", "15", "15 Pro", "16", "16 Pro", "17")), 6),
    _electronics("hub", "Electronics Accessories > Adapters", "slab", (1300, 5900), (55, 190),
                 ("anodised aluminium", "glass-filled nylon"),
                 ("drives a 4K screen at 60 Hz", "reads cards at full speed", "passes 85 W through to the laptop",
                  "keeps cool with its ribbed back"),
                 ("Ports", ("5 in 1", "7 in 1", "9 in 1")), 2),
    _electronics("webcam", "Electronics Accessories > Computer Accessories", "camera", (1600, 6200), (110, 230),
                 ("matt ABS", "aluminium"),
                 ("shows a face well even against a window", "closes with a real shutter",
                  "hears through two microphones and leaves the keyboard out", "fits a monitor or a tripod"),
                 ("Resolution", ("1080p", "1440p", "4K")), 2),
    _home("table lamp", "Lighting > Lamps", "lamp", (1600, 8200), (700, 2600),
          ("mouth-blown glass", "powder-coated steel", "turned oak", "glazed stoneware"),
          ("dims at a touch", "gives a warm light for evenings", "comes with a textile cable of 2 m",
           "takes any E27 bulb")),
    _home("pendant light", "Lighting > Lighting Fixtures > Ceiling Light Fixtures", "pendant", (2200, 9900),
          (800, 3400), ("spun aluminium", "rattan", "opal glass"),
          ("hangs as high as you like, up to 1.5 m", "throws its light down onto the table",
           "needs one screw and ten minutes", "looks as good in threes"),
          ("Diameter", ("24 cm", "32 cm", "45 cm"))),
    _home("throw pillow", "Decor > Throw Pillows", "pillow", (600, 2400), (320, 780),
          ("washed linen", "cotton velvet", "bouclé", "organic cotton"),
          ("has a hidden zip", "comes with a filling that keeps its corners", "washes at 40 degrees",
           "softens with every wash"),
          ("Size", ("40 × 40 cm", "50 × 50 cm", "40 × 60 cm")), 7),
    _home("wool rug", "Decor > Rugs", "rug", (3900, 24500), (1900, 9800),
          ("hand-tufted New Zealand wool", "flat-woven wool", "wool and jute"),
          ("hushes a room", "lies flat from the first day", "takes underfloor heating",
           "is edged by hand"),
          ("Size", ("80 × 150 cm", "120 × 180 cm", "160 × 230 cm", "200 × 300 cm"))),
    _home("vase", "Decor > Vases", "vase", (700, 4300), (420, 2200),
          ("hand-thrown stoneware", "recycled glass", "porcelain"),
          ("holds a single stem or a bunch", "is glazed inside, so it is watertight",
           "differs a little from every other, as handwork does", "stands firmly on a felt ring"),
          ("Height", ("15 cm", "22 cm", "30 cm"))),
    _home("scented candle", "Decor > Home Fragrances > Candles", "candle", (500, 1900), (280, 620),
          ("rapeseed wax", "soy wax", "beeswax blend"),
          ("burns for forty hours", "leaves no soot with its cotton wick", "lives on as a tumbler",
           "is poured in small batches"),
          ("Scent", ("Cedar", "Fig", "Linen", "Orange blossom", "Smoke")), 1),
    _home("duvet cover set", "Linens & Bedding > Bedding > Duvet Covers", "textile", (2600, 9800), (1200, 2900),
          ("washed linen", "cotton percale", "cotton sateen", "flannel"),
          ("keeps cool in summer", "closes with coconut buttons", "needs no ironing", "comes with two pillow cases"),
          ("Size", ("Single", "Double", "King")), 6),
    _home("bath towel", "Linens & Bedding > Towels", "textile", (700, 2600), (340, 780),
          ("combed cotton", "organic waffle cotton", "cotton and bamboo viscose"),
          ("dries fast on the rail", "drinks up water from the first wash", "has a loop that does not tear",
           "keeps its colour at 60 degrees"),
          ("Size", ("50 × 100 cm", "70 × 140 cm", "90 × 160 cm")), 6),
    _home("frying pan", "Kitchen & Dining > Cookware & Bakeware > Cookware", "pan", (1500, 7200), (900, 2300),
          ("carbon steel", "cast aluminium with ceramic coating", "tri-ply stainless steel"),
          ("works on every hob, induction too", "goes into the oven up to 250 degrees",
           "sears without sticking once seasoned", "pours from both sides"),
          ("Diameter", ("20 cm", "24 cm", "28 cm", "30 cm")), 1),
    _home("chef's knife", "Kitchen & Dining > Kitchen Tools & Utensils > Kitchen Knives", "knife", (1800, 8900),
          (140, 290), ("forged German steel", "Japanese VG-10 steel", "high-carbon steel"),
          ("keeps its edge for months", "balances at the bolster", "comes in a box that protects the blade",
           "has a handle that stays dry"),
          ("Blade", ("15 cm", "18 cm", "21 cm")), 2),
    _home("stoneware mug", "Kitchen & Dining > Tableware > Drinkware > Mugs", "mug", (350, 1500), (290, 440),
          ("glazed stoneware", "porcelain", "speckled clay"),
          ("keeps coffee warm while you read", "stacks without a click", "goes into the dishwasher",
           "fits a whole hand through its handle"), None, 8),
    _home("water bottle", "Kitchen & Dining > Food & Beverage Carriers > Water Bottles", "bottle", (600, 2400),
          (190, 420), ("stainless steel", "borosilicate glass", "Tritan"),
          ("keeps water cold for a day", "does not leak in a bag", "opens with one hand",
           "fits the holder of a bicycle"),
          ("Volume", ("0.5 l", "0.75 l", "1 l")), 6),
    _home("storage basket", "Household Supplies > Storage & Organization", "basket", (800, 3200), (380, 1400),
          ("water hyacinth", "felt made of bottles", "woven seagrass"),
          ("slides under a bed", "carries firewood as well as toys", "folds flat when empty",
           "smells of nothing but hay"),
          ("Size", ("S", "M", "L"))),
    _home("planter", "Lawn & Garden > Gardening > Pots & Planters", "planter", (700, 4800), (500, 3900),
          ("fibre clay", "terracotta", "recycled plastic"),
          ("stays outside in frost", "waters its plant for two weeks", "has a hole and a stopper for it",
           "weighs less than it looks"),
          ("Diameter", ("14 cm", "20 cm", "28 cm", "36 cm"))),
    _fashion("T-shirt", f"{_WEAR}Shirts & Tops", "shirt", (520, 1800), (140, 220),
             ("organic cotton", "heavy cotton jersey", "cotton and hemp"),
             ("keeps its collar flat", "is knitted without side seams", "shrinks less than three per cent",
              "feels washed from the start"), ("Size", _CLOTHES), 6),
    _fashion("linen shirt", f"{_WEAR}Shirts & Tops", "shirt", (1300, 4200), (180, 290),
             ("European linen", "linen and cotton"),
             ("looks right with rolled-up sleeves", "breathes on hot days", "has real shell buttons",
              "needs no iron to look good"), ("Size", _CLOTHES), 5),
    _fashion("merino sweater", f"{_WEAR}Shirts & Tops", "sweater", (2400, 7900), (260, 480),
             ("extra-fine merino wool", "merino and cashmere"),
             ("does not scratch", "keeps warm when wet", "airs out overnight instead of going into the wash",
              "is linked by hand at the shoulders"), ("Size", _CLOTHES), 5),
    _fashion("rain jacket", f"{_WEAR}Outerwear > Coats & Jackets", "jacket", (3100, 10900), (380, 820),
             ("recycled polyamide", "waxed cotton", "three-layer polyester"),
             ("keeps out a day of rain", "packs into its own pocket", "breathes under the arms",
              "has a hood that turns with the head"), ("Size", _CLOTHES), 4),
    _fashion("chinos", f"{_WEAR}Pants", "trousers", (1700, 5200), (420, 640),
             ("cotton twill with a little stretch", "garment-dyed cotton"),
             ("sit well from desk to dinner", "have a pocket that holds a phone safely", "keep their knees in shape",
              "are hemmed to be shortened easily"), ("Size", ("28", "30", "32", "34", "36", "38")), 4),
    _fashion("midi dress", f"{_WEAR}Dresses", "dress", (1900, 7400), (230, 460),
             ("viscose made of certified wood", "cotton poplin", "linen and viscose"),
             ("has pockets", "moves well in the wind", "hides its zip in the seam",
              "needs nothing under it but light"), ("Size", _CLOTHES), 4),
    _fashion("crew socks", f"{_WEAR}Underwear & Socks > Socks", "socks", (240, 980), (45, 90),
             ("combed cotton", "merino blend", "bamboo viscose"),
             ("do not slip at the heel", "leave no marks", "are knitted at the toe without a seam",
              "come in pairs of two"), ("Size", ("36-38", "39-42", "43-46")), 7),
    _fashion("leather belt", f"{_EXTRAS}Belts", "belt", (1100, 3900), (150, 260),
             ("vegetable-tanned leather", "recycled leather"),
             ("gets better with the years", "closes with solid brass", "is cut from one piece",
              "can be shortened at home"), ("Size", ("85 cm", "95 cm", "105 cm")), 3),
    _fashion("wool scarf", f"{_EXTRAS}Scarves & Shawls", "scarf", (1200, 4600), (140, 320),
             ("lambswool", "merino wool", "alpaca blend"),
             ("is brushed until it is soft", "is long enough to go around twice", "has hand-rolled fringes",
              "weighs next to nothing"), None, 8),
    _fashion("beanie", f"{_EXTRAS}Hats", "hat", (500, 1900), (60, 110),
             ("recycled wool", "merino wool", "organic cotton"),
             ("covers both ears", "holds its shape in a pocket", "is knitted double", "fits all but the largest heads"),
             None, 8),
    _fashion("sneakers", "Apparel & Accessories > Shoes", "shoe", (2600, 8900), (560, 980),
             ("full-grain leather", "canvas and natural rubber", "recycled knit"),
             ("need no breaking in", "have a sole that can be replaced", "run true to size", "come with spare laces"),
             ("Size", _SHOES), 3),
    _fashion("backpack", "Luggage & Bags > Backpacks", "bag", (2200, 8200), (620, 1400),
             ("recycled polyester", "waxed canvas", "water-repellent nylon"),
             ("keeps a 16-inch laptop off the floor", "opens like a suitcase", "sheds rain",
              "sits on a trolley's handle"), ("Volume", ("16 l", "22 l", "28 l")), 4),
    _fashion("tote bag", "Luggage & Bags > Shopping Totes", "bag", (600, 3200), (180, 560),
             ("heavy canvas", "recycled cotton", "vegetable-tanned leather"),
             ("carries 12 kg", "has a pocket for keys", "stands up by itself", "folds to nothing")),
    _fashion("leather wallet", "Apparel & Accessories > Handbags, Wallets & Cases > Wallets & Money Clips", "wallet",
             (1100, 4200), (60, 130), ("vegetable-tanned leather", "apple-peel leather"),
             ("holds eight cards and some notes", "shields cards from scanners", "fits a front pocket",
              "is stitched with waxed thread")),
)  # fmt: skip

#: Names of collections, from which titles take one each.
NAMES: tuple[str, ...] = (
    "Alba", "Ansgar", "Arden", "Aster", "Bergen", "Birka", "Brisa", "Calla", "Cedra", "Corvo", "Dalia", "Delft", "Dune",
    "Elva", "Ember", "Enzo", "Fjell", "Flora", "Foss", "Galen", "Gaspard", "Haven", "Heron", "Hygge", "Iden", "Ilex",
    "Indra", "Isola", "Jarl", "Juno", "Kaia", "Kelso", "Kiruna", "Lagom", "Lido", "Linden", "Lumo", "Maro", "Mesa",
    "Mira", "Moss", "Nara", "Nero", "Nolan", "Nova", "Oda", "Olmo", "Onda", "Orla", "Palo", "Pico", "Porto", "Quill",
    "Rana", "Reva", "Rho", "Riva", "Sable", "Sienna", "Silt", "Skaga", "Sora", "Talo", "Terra", "Tove", "Umbra", "Una",
    "Vanda", "Vega", "Vika", "Wald", "Wren", "Ylva", "Yuma", "Zeno", "Zora",
)  # fmt: skip

#: What goes before the noun of a title.
EPITHETS: Mapping[str, tuple[str, ...]] = {
    ELECTRONICS: ("compact", "fast", "everyday", "slim", "travel", "desk", "quiet", "rugged"),
    HOME: ("handmade", "small", "classic", "round", "low", "everyday", "ribbed", "plain"),
    FASHION: ("relaxed", "classic", "lightweight", "everyday", "heavy", "soft", "slim", "boxy"),
}
