"""A browser without scripts: cookies, forms with their hidden values, and what a page says."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import PASSWORD


class Browser:
    """One person at one browser."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send values without any form: what a forger could send."""
        return self.client.post(path, data=data or {}, **more)

    def sign_in(self, email: str, password: str = PASSWORD) -> TestResponse:
        """Through the page."""
        return self.submit("/sign-in", "/sign-in", email=email, password=password)

    def submit(self, page: str, action: str, **values: Any) -> TestResponse:
        """Open ``page``, fill in the form whose action ends with ``action``, and send it."""
        form = self.form(page, action)
        sent = {field["name"]: field.get("value", "") for field in form.select("input[name]") if _counts(field)}
        for choice in form.select("select[name]"):
            chosen = choice.select_one("option[selected]") or choice.select_one("option")
            sent[str(choice["name"])] = str(chosen["value"]) if chosen else ""
        for area in form.select("textarea[name]"):
            sent[str(area["name"])] = area.get_text()
        sent.update(values)
        return self.client.post(str(form.get("action") or page), data=sent)

    def form(self, page: str, action: str) -> Tag:
        """A form of a page that changes something, by the end of its action."""
        answer = self.get(page)
        assert answer.status_code == 200, f"{page}: {answer.status_code} {answer.text[:500]}"
        for form in BeautifulSoup(answer.text, "html.parser").select("form[method=post]"):
            if (urlsplit(str(form.get("action") or page)).path).endswith(action):
                return form
        raise AssertionError(f"{page} has no form for {action}")


def _counts(field: Tag) -> bool:
    return field.get("type") not in ("checkbox", "radio", "submit", "file") or field.has_attr("checked")


def text_of(answer: TestResponse) -> str:
    """What a person reads."""
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def problems_in(answer: TestResponse) -> dict[str, str]:
    """What a page says is wrong, by the names of the fields at which it says so."""
    page = BeautifulSoup(answer.text, "html.parser")
    found = {}
    for field in page.select("[aria-invalid=true]"):
        problem = page.find(id=str(field["aria-describedby"]))
        assert problem is not None, field
        found[str(field["name"])] = problem.get_text(" ", strip=True)
    return found
