"""New words of products' titles are learnt, so that mistyped ones can be told from them."""

from __future__ import annotations

from app.catalog.search import words
from workers.job import Run, job


@job(queue="bulk", every="2-59/10 * * * *", coalesce=True, timeout=600)
def learn_words(run: Run, _event: object) -> None:
    """See the module."""
    with run.closing() as session:
        words.learn(session)
