"""Somebody's work by API, on a thread of its own."""

from __future__ import annotations

import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from benchmarks.order_day.mix import Tally
from demo.people import SignIn
from demo.story import Story

#: A connection that is kept may end as it is used, and what asks to be tried again by ``Retry-After`` is.
_PATIENT = Retry(total=8, backoff_factor=0.2, allowed_methods=None)


class Desk(ABC):
    """Looks again and again for what is to be done, and does it."""

    seconds_between = 1.0
    #: Whether things go wrong where it works.
    troubled = True

    def __init__(self, story: Story, tally: Tally, who: SignIn | None = None) -> None:
        self.story, self.tally = story, tally
        self.work: Future[None] | None = None
        self._over = threading.Event()
        self.http = requests.Session()
        self.http.mount("http://", HTTPAdapter(max_retries=_PATIENT))
        if who is not None:
            self.http.headers["Authorization"] = f"Bearer {who.key}"

    @contextmanager
    def open(self) -> Iterator[None]:
        """Work in this block."""
        with ThreadPoolExecutor(1) as thread:
            self.work = thread.submit(self._keep_working)
            try:
                yield
            finally:
                self._over.set()
        self.work.result()

    @abstractmethod
    def look(self) -> None:
        """See what is to be done, and do it."""

    def _keep_working(self) -> None:
        while not self._over.wait(self.seconds_between):
            self.look()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """A call's status and answer. What may be refused is refused now and then; a failure of ours ends the case."""
        answer = self.http.request(
            method,
            f"{self.story.installation.url}{path}",
            json=body,
            # What is said again because no answer came counts once.
            headers={} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex},
            timeout=60,
        )
        if answer.status_code >= 500:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code, answer.json()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call's answer; empty where it was refused."""
        status, answer = self.ask(method, path, body)
        return answer if status < 400 else {}

    def pages(self, path: str) -> Iterator[Any]:
        """All items of a list."""
        cursor = ""
        while True:
            page = self.call("GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"
