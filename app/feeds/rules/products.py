"""What rows of products that stand together mean, understood column by column: most cells stand as they stood in other
rows. Whatever is not as usual is left to ``RowReader``, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from app.catalog.rules import SKU_MAX, TITLE_MAX
from app.feeds.feed import Row
from app.feeds.rules.cells import said_in
from app.feeds.rules.gtins import read_gtin
from app.feeds.rules.records import Problem, ReadProduct
from app.feeds.rules.rows import HASH_BITS, NO_NAMES, RowReader, hash_of
from app.feeds.rules.shortened import is_shortened

#: Rows of one product that stand together: its handle, its mark and the rows.
Together = tuple[str, str, Sequence[Row]]


def read_products(reader: RowReader, products: Sequence[Together]) -> Iterator[ReadProduct | None]:
    """Understand products, in order; None for one whose rows ``reader`` has to read, one by one, before the next is
    asked for: it was named before, or something about a row is not as usual."""
    ours = reader.usual_columns
    if ours is None or not products:
        for _ in products:
            yield None
        return
    sku_at, title_at, gtin_at, product_at = ours
    rows = list(chain.from_iterable(theirs for _, _, theirs in products))
    cells, numbers = [row.cells for row in rows], [row.number for row in rows]
    titles = [row[title_at] for row in cells]
    given = [row[product_at] for row in cells] if product_at is not None else []
    skus = [row[sku_at].strip() for row in cells]
    #: Rows that are not as usual.
    odd = {
        place
        for place, (row, sku) in enumerate(zip(rows, skus, strict=True))
        if row.wrong or not sku.strip("0") or sku[0] == "'" or "+" in sku or len(sku) > SKU_MAX
    }
    problems: list[Problem] = []
    gtins: list[str | None] = [None] * len(rows)
    if gtin_at is not None:
        gtins = []
        for place, row in enumerate(cells):
            gtins.append(read_gtin(said_in(row[gtin_at]), problems))
            if problems:
                odd.add(place)
                problems.clear()
    prices = reader.prices.read_all(cells, odd)
    weights, stocks = reader.quantities.read_all(cells, odd)
    texts, told = list(map(reader.texts.told, cells)), list(map(reader.told_options, cells))
    end = 0
    for handle, mark, theirs in products:
        start, end = end, end + len(theirs)
        size, title = end - start, said_in(titles[start])
        theirs_skus = skus[start:end]
        if (
            not handle
            or not mark
            or (odd and not odd.isdisjoint(range(start, end)))
            or not 0 < len(title) <= TITLE_MAX
            or titles[start:end].count(titles[start]) < size
            or (product_at is not None and (not given[start] or given[start:end].count(given[start]) < size))
            or (product_at is not None and is_shortened(given[start]))
            or (product_at is None and any(reader.key_of(sku) != handle for sku in theirs_skus))
            or len(set(theirs_skus)) < size
            or reader.has_seen(handle, theirs_skus)
        ):
            yield None
            continue
        first = reader.texts.of(cells[start], texts[start], title, problems)
        shared = texts[start:end].count(texts[start]) == size
        of_product = [first] * size if shared else [
            reader.texts.of(cells[place], texts[place], title, problems) for place in range(start, end)
        ]  # fmt: skip
        if problems or not first["title"]:
            problems.clear()
            yield None
            continue
        names, options, seen = NO_NAMES, [], []
        for place in range(start, end):
            names, chosen, compared = reader.optioned(names, told[place], cells[place])
            options.append(chosen)
            said = hash_of(handle, compared, prices[place], stocks[place])
            seen.append((skus[place], numbers[place] << HASH_BITS | said))
        reader.note(handle, title, names, given[start] if product_at is not None else "", seen)
        yield ReadProduct(
            handle, mark, numbers[start:end], theirs_skus, of_product, options, prices[start:end], weights[start:end],
            stocks[start:end], gtins[start:end],
        )  # fmt: skip
