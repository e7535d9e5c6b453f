"""What becomes of a picture's bytes."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.catalog.pictures.derivatives import PictureRefused, make
from app.catalog.pictures.rules import REASONS, content_type_of, reason_of, wait_after
from tests.domains.catalog.drawn import PAGE, SVG, animated, lying_png, picture, turned


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_every_usual_format_is_taken_by_its_content(kind: str) -> None:
    made = make(picture(kind, (1000, 500)))
    assert (made.width, made.height) == (1000, 500)
    assert {name: opened(content).size for name, content in made.files.items() if name.endswith("webp")} == {
        "1600.webp": (1000, 500),
        "800.webp": (800, 400),
        "320.webp": (320, 160),
        "96.webp": (96, 48),
    }
    assert opened(made.files["320.avif"]).format == "AVIF"


def test_a_photo_stands_upright_and_says_nothing_of_who_took_it() -> None:
    made = make(turned())
    shown = opened(made.files["1600.webp"])
    assert (made.width, made.height) == shown.size == (200, 400)
    assert not shown.getexif()
    assert b"taken at home" not in b"".join(made.files.values())


def test_the_first_picture_of_an_animation_is_shown() -> None:
    shown = opened(make(animated()).files["96.webp"])
    assert getattr(shown, "n_frames", 1) == 1
    red, _, blue = shown.convert("RGB").getpixel((30, 30))  # type: ignore[misc]
    assert red > 200 > 50 > blue


def test_print_colours_become_screen_colours() -> None:
    shown = opened(make(picture(mode="CMYK", colour=(0, 255, 255, 0))).files["96.webp"])
    red, green, blue = shown.getpixel((20, 20))  # type: ignore[misc]
    assert shown.mode == "RGB"
    assert red > 200 and green < 60 and blue < 60


def test_what_is_clear_stays_clear() -> None:
    shown = opened(make(picture("PNG", mode="RGBA", colour=(10, 20, 30, 0))).files["96.webp"])
    assert shown.mode == "RGBA"
    assert shown.getpixel((20, 20))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (lying_png(60_000, 60_000), "too_many_pixels"),
        (lying_png(7_100, 7_100), "too_many_pixels"),
        (lying_png(2_000, 2_000), "damaged"),
        (picture(size=(800, 800))[:500], "damaged"),
        (picture("PNG")[:60], "damaged"),
        (picture("PNG", size=(1, 1)), "too_small"),
        (SVG, "vector"),
        (PAGE, "web_page"),
        (b"%PDF-1.4 not a picture", "not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_a_picture"),
        (b"", "damaged"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        make(raw)
    assert refused.value.reason == reason
    assert REASONS[reason].advice


@settings(max_examples=60)
@given(
    raw=st.binary(max_size=400), kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP"]), cut=st.integers(0, 300)
)
def test_any_bytes_end_in_a_picture_or_a_reason(raw: bytes, kind: str, cut: int) -> None:
    """Whatever follows a good beginning."""
    for content in (raw, picture(kind, (40, 40))[:cut] + raw):
        try:
            assert make(content).files
        except PictureRefused as refused:
            assert refused.reason in REASONS


def test_only_our_own_files_have_an_address() -> None:
    digest = "0" * 64
    assert content_type_of(digest, "800.webp") == "image/webp"
    assert content_type_of(digest, "320.avif") == "image/avif"
    for wrong in ("1600.avif", "100.webp", "800.svg", "800.html", "../x", "800.webp/.."):
        assert content_type_of(digest, wrong) is None
    assert content_type_of("../" + digest, "800.webp") is None


def test_every_refusal_has_a_reason_and_waits_grow() -> None:
    for code in ("url_refused", "address_refused", "too_large", "http_404", "http_418", "not_readable"):
        assert reason_of(code) in REASONS
    waits = [wait_after("unreachable", failures) for failures in range(6)]
    assert waits == sorted(waits) and waits[0].total_seconds() == 600 and waits[-1].days <= 1
    assert wait_after("not_found", 0).days == 7
