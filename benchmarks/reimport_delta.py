"""The same file of 100,000 variants again, one in a hundred with another price and stock."""

from __future__ import annotations

from benchmarks.feeds import ROWS, as_csv, bench, lines
from benchmarks.result import Result

_EVERY = 100


def measure() -> Result:
    """The second file's time; the baseline is the first one's, and the ratio how many times faster the second is. Fails
    where other variants were written than those that changed."""
    with bench() as place:
        first = place.send(as_csv(lines()), "list.csv", "csv")
        place.value("create table before as select id, xmin::text as version from supplier_variants")
        again = place.send(as_csv(lines(changed_every=_EVERY)), "list.csv", "csv")
        written = place.one(
            "select count(*) from supplier_variants v join before b on b.id = v.id where v.xmin::text <> b.version"
        )
        if written != ROWS // _EVERY:
            raise RuntimeError(f"{written} variants were written")
    return Result(
        case="reimport_delta",
        value=again.seconds,
        unit="s",
        baseline=first.seconds,
        ratio=first.seconds / again.seconds,
        p50_ms=again.check * 1000,
        p99_ms=again.apply * 1000,
        n=ROWS,
        peak_mb=max(first.peak_mb, again.peak_mb),
    )
