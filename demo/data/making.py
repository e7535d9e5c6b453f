"""Making products up: the same seed gives the same products, however many are asked for."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from demo.data.assortment import COLOURS, EPITHETS, KINDS, NAMES, Kind
from demo.data.sellers import Seller

#: GTINs that begin so are for use within a company: nobody's real product has one (GS1 General Specifications, 1.4).
_OWN_GTINS = "29"
#: Of a distributor's products, the share that another supplier sells too.
_SHARED = 0.4
_NEWEST_DAYS = 120


@dataclass(frozen=True, slots=True)
class MadeVariant:
    """A variant. Prices in cents, ``stock`` in units."""

    sku: str
    gtin: str
    options: dict[str, str]
    cost: int
    msrp: int
    map_price: int | None
    grams: int
    stock: int
    #: Wholesale prices by quantity, as the catalogue keeps them.
    tiers: tuple[dict[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product of one of the sellers, by its place in their list. ``age``: how many days ago it was last changed."""

    seller: int
    handle: str
    title: str
    description: str
    brand: str
    kind: Kind
    colours: tuple[str, ...]
    option_names: tuple[str, ...]
    tags: tuple[str, ...]
    age: float
    variants: tuple[MadeVariant, ...]


def products(seed: int, sellers: Sequence[Seller], variants: int) -> Iterator[MadeProduct]:
    """Products until there are ``variants`` variants; the last one may be cut short."""
    chance = random.Random(seed)  # noqa: S311 - believable, not secret
    kinds = {one.department: [kind for kind in KINDS if kind.department == one.department] for one in sellers}
    known: defaultdict[str, list[MadeProduct]] = defaultdict(list)
    made = number = 0
    while made < variants:
        number += 1
        place = chance.randrange(len(sellers))
        seller = sellers[place]
        others = known[seller.department]
        if seller.distributes and others and chance.random() < _SHARED:
            one = _again(chance, number, place, seller, chance.choice(others))
        else:
            one = _new(chance, number, place, seller, chance.choice(kinds[seller.department]))
        if made + len(one.variants) > variants:
            one = replace(one, variants=one.variants[: variants - made])
        made += len(one.variants)
        if len(others) < 500:
            others.append(one)
        else:
            others[number % 500] = one
        yield one


def _new(chance: random.Random, number: int, place: int, seller: Seller, kind: Kind) -> MadeProduct:
    name, material = chance.choice(NAMES), chance.choice(kind.materials)
    epithet = chance.choice(EPITHETS[kind.department])
    colours = tuple(chance.sample(_palette(kind), chance.randint(1, min(3, kind.colours))))
    sizes = _some(chance, kind.sizes[1]) if kind.sizes else ()
    low, high = kind.cost
    cost = _rounded(low + (high - low) * chance.betavariate(1.6, 3.2))
    markup = chance.uniform(1.7, 2.8)
    grams = chance.randint(*kind.grams)
    priced = chance.random() < 0.25
    options = [
        ({"Colour": colour} if len(colours) > 1 or not sizes else {})
        | ({kind.sizes[0]: size} if kind.sizes and sizes else {})
        for colour in colours
        for size in sizes or ("",)
    ]
    step = max(1, len(sizes))
    title = f"{name} {epithet} {kind.noun}"
    return MadeProduct(
        seller=place,
        handle=f"{name}-{kind.noun}-{number}".lower().replace(" ", "-").replace("'", ""),
        title=title,
        description=_text(chance, kind, title, material),
        brand=seller.name if not seller.distributes else chance.choice(_BRANDS),
        kind=kind,
        colours=colours,
        option_names=tuple(options[0]),
        tags=(kind.department, material.split(" ")[-1], epithet),
        age=_NEWEST_DAYS * chance.random() ** 2,
        variants=tuple(
            MadeVariant(
                sku=f"{seller.handle[:4].upper()}-{number:06d}-{place_of:02d}",
                gtin=_gtin(number, place_of),
                options=given,
                # The larger ones cost a little more.
                cost=(own := _rounded(cost * (1 + 0.06 * (place_of % step)))),
                msrp=(retail := _retail(own * markup)),
                map_price=_retail(retail * 0.9) if priced else None,
                grams=round(grams * (1 + 0.05 * (place_of % step))),
                stock=_stock(chance),
                tiers=_tiers(number, own),
            )
            for place_of, given in enumerate(options)
        ),
    )


def _tiers(number: int, cost: int) -> tuple[dict[str, int], ...]:
    """Every third product is cheaper by the ten and by the fifty."""
    if number % 3:
        return ()
    return tuple(
        {"min_quantity": units, "price": price}
        for units, share in ((10, 0.95), (50, 0.9))
        if (price := round(cost * share)) < cost
    )


def _again(chance: random.Random, number: int, place: int, seller: Seller, known: MadeProduct) -> MadeProduct:
    """The same product at another supplier's price, out of its own stock."""
    share = chance.uniform(0.9, 1.18)
    return replace(
        known,
        seller=place,
        handle=f"{known.handle}-{number}",
        age=_NEWEST_DAYS * chance.random() ** 2,
        variants=tuple(
            replace(
                one,
                sku=f"{seller.handle[:4].upper()}-{number:06d}-{place_of:02d}",
                cost=_rounded(one.cost * share),
                tiers=(),
                stock=_stock(chance),
            )
            for place_of, one in enumerate(known.variants)
        ),
    )


#: Makers whose goods distributors sell.
_BRANDS = (
    "Aldbrook", "Bellamy", "Corrin", "Dovetail", "Eastlake", "Finch & Co", "Gormley", "Halden", "Ivar", "Jasper Row",
    "Kestrel", "Lowen", "Marlow", "Nettle", "Orrin", "Pell", "Quarry", "Rowan", "Stell", "Tamar", "Upland", "Verity",
    "Wickham", "Yarrow",
)  # fmt: skip


def _palette(kind: Kind) -> list[str]:
    """A kind comes in some of the colours only."""
    first, names = 5 * KINDS.index(kind), list(COLOURS)
    return [names[(first + step) % len(names)] for step in range(kind.colours + 1)]


def _some(chance: random.Random, sizes: tuple[str, ...]) -> tuple[str, ...]:
    """A run of sizes: most products have most of them."""
    left = chance.randint(max(1, len(sizes) // 2), len(sizes))
    first = chance.randint(0, len(sizes) - left)
    return sizes[first : first + left]


def _text(chance: random.Random, kind: Kind, title: str, material: str) -> str:
    merits = chance.sample(kind.merits, chance.randint(2, min(3, len(kind.merits))))
    points = "".join(f"<li>{merit[0].upper()}{merit[1:]}.</li>" for merit in merits)
    return f"<p>{title} made of {material}.</p><ul>{points}</ul>"


def _gtin(number: int, place: int) -> str:
    body = f"{_OWN_GTINS}{number:08d}{place:02d}"
    odd, even = (sum(map(int, body[start::2])) for start in (0, 1))
    return f"{body}{-(odd + 3 * even) % 10}"


def _rounded(cents: float) -> int:
    """Wholesale prices end in 0 or 5."""
    return max(5, round(cents / 5) * 5)


def _retail(cents: float) -> int:
    return max(99, round(cents / 100) * 100 - 1)


def _stock(chance: random.Random) -> int:
    """Some are sold out, some are running out, most are there."""
    kind = chance.random()
    if kind < 0.07:
        return 0
    return chance.randint(1, 6) if kind < 0.2 else round(chance.paretovariate(1.3) * 14)
