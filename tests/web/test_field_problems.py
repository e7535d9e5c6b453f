"""What is wrong with a field is told to those who don't see it: the field itself says so, and names the text."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from app.web.pages import CROSSDOCK, SHOPIFY

_HELP, _ERROR = "As on your papers.", "Please fill this in."
_FIELDS = {
    "field": "ui.field('vat', 'VAT id', {})",
    "select": "ui.select('vat', 'VAT id', [('a', 'A')], {})",
    "textarea": "ui.textarea('vat', 'VAT id', {})",
    "file": "ui.file('vat', 'VAT id', {})",
}


@pytest.fixture(scope="module")
def app() -> Flask:
    """The application, for its templates."""
    from launch.wsgi import build

    return build()


def rendered(app: Flask, macros: str, call: str) -> BeautifulSoup:
    """One macro of a host."""
    source = f"{{% import '{macros}' as ui with context %}}{{{{ {call} }}}}"
    with app.test_request_context("/"):
        return BeautifulSoup(app.jinja_env.from_string(source).render(), "html.parser")


@pytest.mark.parametrize("kind", _FIELDS)
def test_a_wrong_field_is_marked_and_names_what_is_wrong(app: Flask, kind: str) -> None:
    page = rendered(app, CROSSDOCK.macros, _FIELDS[kind].format(f"help='{_HELP}', error='{_ERROR}'"))
    (field,) = page.select("[name=vat]")
    assert field.get("aria-invalid") == "true"
    (said,) = page.select(f"#{field['aria-describedby']}")
    assert said.get_text() == _ERROR


@pytest.mark.parametrize("kind", _FIELDS)
def test_a_right_field_names_its_help_and_is_not_marked(app: Flask, kind: str) -> None:
    page = rendered(app, CROSSDOCK.macros, _FIELDS[kind].format(f"help='{_HELP}'"))
    (field,) = page.select("[name=vat]")
    assert not field.has_attr("aria-invalid")
    (said,) = page.select(f"#{field['aria-describedby']}")
    assert said.get_text() == _HELP
    bare = rendered(app, CROSSDOCK.macros, _FIELDS[kind].format("error=none")).select_one("[name=vat]")
    assert bare is not None
    assert not bare.has_attr("aria-describedby")


@pytest.mark.parametrize("kind", _FIELDS)
def test_in_shopifys_admin_the_component_is_given_the_error(app: Flask, kind: str) -> None:
    page = rendered(app, SHOPIFY.macros, _FIELDS[kind].format(f"error='{_ERROR}'"))
    (field,) = page.select("[name=vat]")
    assert field.get("error") == _ERROR
