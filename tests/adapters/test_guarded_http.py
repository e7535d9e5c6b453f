"""Fetching what a stranger names: nothing behind our own walls is reached, and no answer fills or holds a worker."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters._addresses import AddressGuard, is_public
from app.adapters._guarded_http import Fetched, GuardedHttp, guarded_http
from app.kit.errors import AdapterError, CredentialsRefused, RateLimited, Rejected, Unavailable
from tests.adapters.settings import set_up
from tests.adapters.strangers import PUBLIC, Answer, Handler, Internet, certificate_for, serving

__all__ = ["set_up"]

HOST = "files.supplier.example"
SECRET = {"Authorization": "Basic c2VjcmV0"}


def client(internet: Internet, **options: object) -> GuardedHttp:
    return GuardedHttp(internet.guard(), allow_http=True, **options)  # type: ignore[arg-type]


def fetched(
    http: GuardedHttp, url: str, *, largest: int = 100_000, seconds: float = 20.0, **options: dict[str, str]
) -> tuple[Fetched, bytes]:
    into = BytesIO()
    answer = http.fetch(url, into=into, largest=largest, total_seconds=seconds, **options)
    return answer, into.getvalue()


def refusal(http: GuardedHttp, url: str, **options: int) -> str:
    with pytest.raises(Rejected) as caught:
        fetched(http, url, **options)
    return caught.value.code


def plainly(body: bytes, **headers: str) -> Answer:
    return lambda handler: handler.answer(200, body, {name.replace("_", "-"): value for name, value in headers.items()})


def leading(to: str, status: int = 302) -> Answer:
    return lambda handler: handler.answer(status, b"elsewhere", {"Location": to})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.0.170", "192.0.2.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::5db8:d822", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:5db8:d822::1", "2001:0:7f00:1::",
        "2001:db8::1", "2001:20::1", "3fff::1", "5f00::1", "100::1", "4000::1", "not an address", "",
    ],
)  # fmt: skip
def test_what_is_not_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)
    internet = Internet({HOST: [[address]]}, {address: 1})

    assert refusal(client(internet), f"https://{HOST}/feed.csv") == "address_refused"
    assert internet.dialled == []


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "::ffff:1.1.1.1", "2606:4700:4700::1111", "2a00:1450::1"])
def test_addresses_of_the_public_internet_are_taken(address: str) -> None:
    assert is_public(address)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_mapping_an_address_into_ipv6_changes_nothing(number: int) -> None:
    dotted = ".".join(str(byte) for byte in number.to_bytes(4, "big"))

    assert is_public(f"::ffff:{dotted}") == is_public(dotted)
    assert not is_public(f"64:ff9b::{dotted}")


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    internet = Internet({HOST: [[PUBLIC, "10.0.0.7"]]}, {})

    assert refusal(client(internet), f"https://{HOST}/") == "address_refused"


def test_a_name_is_asked_for_once_and_what_was_checked_is_what_is_dialled() -> None:
    """A name server that answers differently the second time (DNS rebinding) changes nothing."""
    with serving({"/feed.csv": plainly(b"sku\n1\n")}) as stranger:
        internet = Internet({HOST: [[PUBLIC], ["127.0.0.1"]]}, {PUBLIC: stranger.port, "127.0.0.1": stranger.port})

        answer, body = fetched(client(internet), f"http://{HOST}/feed.csv")

    assert body == b"sku\n1\n"
    assert (answer.status, answer.size, answer.sha256) == (200, 6, hashlib.sha256(body).hexdigest())
    assert internet.asked == [HOST]
    assert internet.dialled == [(PUBLIC, 80)]
    assert stranger.asked[0][0] == HOST


def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    with serving({"/": plainly(b"here")}) as stranger:
        internet = Internet({HOST: [["2606:4700::1", PUBLIC]]}, {PUBLIC: stranger.port})

        assert fetched(client(internet), f"http://{HOST}/")[1] == b"here"


def test_tls_is_for_the_name_although_an_address_is_dialled(tmp_path: Path) -> None:
    certificate = certificate_for(HOST, tmp_path)
    with serving({"/": plainly(b"sealed")}, certificate) as stranger:
        internet = Internet({HOST: [[PUBLIC]], "other.example": [[PUBLIC]]}, {PUBLIC: stranger.port})
        http = GuardedHttp(internet.guard(), trusted=str(certificate))

        assert fetched(http, f"https://{HOST}/")[1] == b"sealed"
        assert refusal(http, "https://other.example/") == "certificate_refused"
        assert refusal(GuardedHttp(internet.guard()), f"https://{HOST}/") == "certificate_refused"

    assert stranger.names == [HOST, "other.example", HOST]
    assert [host for host, _path, _headers in stranger.asked] == [HOST]


@pytest.mark.parametrize(
    "url",
    [
        "http://files.supplier.example/", "ftp://files.supplier.example/", "file:///etc/passwd", "gopher://x/", "//x/",
        "https://user:secret@files.supplier.example/", "https://user@files.supplier.example/", "https://", "", "x",
        "https:///feed", "javascript:alert(1)", "https://[::1/", "https://files.supplier.example/" + "a" * 2000,
    ],
)  # fmt: skip
def test_only_plain_https_addresses_are_taken(url: str) -> None:
    internet = Internet({HOST: [[PUBLIC]]}, {})

    assert refusal(GuardedHttp(internet.guard()), url) == "url_refused"
    assert internet.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "localhost"])
def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    """With the machine's own resolver, which understands all these."""
    with pytest.raises(AdapterError) as caught:
        fetched(GuardedHttp(AddressGuard(), allow_http=True), f"http://{host}:9/")

    assert isinstance(caught.value, Rejected)
    assert caught.value.code == "address_refused"
    assert "127" not in str(caught.value)


def test_redirects_are_followed_and_each_is_checked_anew() -> None:
    with serving({"/": leading("/second", 301), "/second": leading("http://inside.example/x", 307)}) as stranger:
        internet = Internet({HOST: [[PUBLIC]], "inside.example": [["127.0.0.1"]]}, {PUBLIC: stranger.port})

        assert refusal(client(internet), f"http://{HOST}/") == "address_refused"

    assert [path for _host, path, _headers in stranger.asked] == ["/", "/second"]
    assert {address for address, _port in internet.dialled} == {PUBLIC}


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "http://169.254.169.254/latest", "http://[::ffff:7f00:1]/", "gopher://x/"]
)
def test_a_redirect_to_what_may_not_be_fetched_is_refused(to: str) -> None:
    with serving({"/": leading(to)}) as stranger:
        names = {HOST: [[PUBLIC]], "169.254.169.254": [["169.254.169.254"]], "::ffff:7f00:1": [["::ffff:7f00:1"]]}
        internet = Internet(names, {PUBLIC: stranger.port})

        assert refusal(client(internet), f"http://{HOST}/") in ("address_refused", "url_refused")


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    certificate = certificate_for(HOST, tmp_path)
    with serving({"/": leading(f"http://{HOST}/plain")}, certificate) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        assert refusal(GuardedHttp(internet.guard(), trusted=str(certificate)), f"https://{HOST}/") == "url_refused"


def test_three_redirects_are_followed_and_four_are_not() -> None:
    chain = {f"/{n}": leading(f"/{n - 1}") for n in range(1, 5)}
    with serving({**chain, "/0": plainly(b"the end")}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        answer, body = fetched(client(internet), f"http://{HOST}/3")

        assert (answer.url, body) == (f"http://{HOST}/0", b"the end")
        assert refusal(client(internet), f"http://{HOST}/4") == "too_many_redirects"


def test_secrets_go_to_the_origin_they_are_for_and_to_no_other() -> None:
    pages = {"/": leading("/same"), "/same": leading("http://cdn.example/x"), "/x": plainly(b"from elsewhere")}
    with serving(pages) as stranger:
        names = {HOST: [[PUBLIC]], "cdn.example": [[PUBLIC]]}
        internet = Internet(names, {PUBLIC: stranger.port})

        fetched(client(internet), f"http://{HOST}/", headers={"If-None-Match": '"1"'}, secret_headers=SECRET)

    carried = [("Authorization" in headers, "If-None-Match" in headers) for _host, _path, headers in stranger.asked]
    assert carried == [(True, True), (True, True), (False, True)]


def test_what_has_not_changed_is_said_so() -> None:
    def conditional(handler: Handler) -> None:
        handler.answer(304 if handler.headers.get("If-None-Match") == '"7"' else 200, b"", {"ETag": '"7"'})

    with serving({"/": conditional}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        answer, body = fetched(client(internet), f"http://{HOST}/", headers={"If-None-Match": '"7"'})

    assert (answer.changed, answer.headers["etag"], body) == (False, '"7"', b"")


def test_a_compressed_answer_is_taken_as_what_it_holds() -> None:
    with serving({"/": plainly(gzip.compress(b"sku\n1\n"), Content_Encoding="gzip")}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        answer, body = fetched(client(internet), f"http://{HOST}/")

    assert (answer.size, body) == (6, b"sku\n1\n")


def test_a_decompression_bomb_ends_at_the_limit() -> None:
    """100 MB of zeros in 100 kB; in a second wrapping, in a few hundred bytes."""
    bomb = gzip.compress(bytes(100_000_000), 9)
    pages = {
        "/": plainly(bomb, Content_Encoding="gzip"),
        "/twice": plainly(gzip.compress(bomb, 9), Content_Encoding="gzip, gzip"),
    }
    with serving(pages) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})
        for path in pages:
            into = BytesIO()
            with pytest.raises(Rejected, match="too_large"):
                client(internet).fetch(f"http://{HOST}{path}", into=into, largest=1_000_000, total_seconds=20)
            assert len(into.getvalue()) <= 1_000_000


def test_a_large_answer_is_refused_by_what_it_says_and_by_what_it_is() -> None:
    def without_length(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while not handler.server.ended.is_set():
            handler.wfile.write(bytes(10_000))

    with serving({"/said": plainly(bytes(100_001)), "/endless": without_length}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        assert refusal(client(internet), f"http://{HOST}/said") == "too_large"
        assert refusal(client(internet), f"http://{HOST}/endless") == "too_large"


def test_broken_compression_is_refused() -> None:
    with serving({"/": plainly(b"not gzip at all", Content_Encoding="gzip")}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        assert refusal(client(internet), f"http://{HOST}/") == "not_readable"


def slow_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ended.wait(0.02):
        handler.wfile.write(b"X-Slow: 1\r\n")


def slow_body(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not handler.server.ended.wait(0.02):
        handler.wfile.write(b".")


def never_ending(handler: Handler) -> None:
    """A body without a length, which a cut connection would make look whole."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not handler.server.ended.wait(0.02):
        handler.wfile.write(b".")


@pytest.mark.parametrize("slowly", [slow_headers, slow_body, never_ending])
def test_one_who_answers_in_drops_is_cut_off_in_time(slowly: Answer) -> None:
    """Each drop comes within the time for reading; together they would last for ever."""
    with serving({"/": slowly}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})
        started = time.monotonic()

        with pytest.raises(Unavailable, match="took too long"):
            fetched(client(internet), f"http://{HOST}/", seconds=0.3)

        assert time.monotonic() - started < 5


def test_silence_is_cut_off_in_time() -> None:
    with serving({"/": lambda handler: handler.server.ended.wait(30) and None}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        with pytest.raises(Unavailable):
            fetched(client(internet, read_seconds=0.2), f"http://{HOST}/")


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    def cut(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
        handler.close_connection = True

    with serving({"/": cut}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        with pytest.raises(Unavailable):
            fetched(client(internet), f"http://{HOST}/")


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialsRefused), (403, CredentialsRefused), (404, Rejected), (410, Rejected), (204, Rejected),
     (206, Rejected), (429, RateLimited), (408, Unavailable), (500, Unavailable), (503, Unavailable)],
)  # fmt: skip
def test_a_status_becomes_one_of_the_four_errors_without_its_words(status: int, error: type[AdapterError]) -> None:
    with serving({"/": lambda handler: handler.answer(status, b"internal words")}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        with pytest.raises(error) as caught:
            fetched(client(internet), f"http://{HOST}/", secret_headers=SECRET)

    assert "internal words" not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_secret_that_no_header_may_have_is_refused_and_not_told() -> None:
    with serving({"/": plainly(b"goods")}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})

        with pytest.raises(Rejected) as caught:
            fetched(client(internet), f"http://{HOST}/", secret_headers={"Authorization": "Basic c2VjcmV0\r\nHost: x"})

    assert (caught.value.code, caught.value.__cause__) == ("bad_header", None)
    assert "c2VjcmV0" not in str(caught.value)


def test_an_unknown_name_and_a_closed_door_may_be_tried_again() -> None:
    internet = Internet({HOST: [[PUBLIC]]}, {})

    for url in (f"https://{HOST}/", "https://unknown.example/"):
        with pytest.raises(Unavailable):
            fetched(client(internet), url)


def test_allowed_hosts_may_be_on_this_machine_and_others_may_not(set_up: Callable[..., None]) -> None:
    with serving({"/": plainly(b"a simulator")}) as allowed, serving({"/": plainly(b"another")}) as other:
        set_up(outbound_allowed_hosts=f"127.0.0.1:{allowed.port}")

        answer, body = guarded_http().fetch_bytes(f"http://127.0.0.1:{allowed.port}/", largest=100, total_seconds=5)

        assert (answer.status, body) == (200, b"a simulator")
        assert refusal(guarded_http(), f"http://127.0.0.1:{other.port}/") == "url_refused"
        assert refusal(guarded_http(), f"https://127.0.0.1:{other.port}/") == "address_refused"
        assert other.asked == []


def test_no_thread_is_left_behind() -> None:
    with serving({"/": plainly(b"x")}) as stranger:
        internet = Internet({HOST: [[PUBLIC]]}, {PUBLIC: stranger.port})
        fetched(client(internet), f"http://{HOST}/", seconds=600)

    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
