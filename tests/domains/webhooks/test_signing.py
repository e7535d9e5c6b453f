"""Messages are signed as Standard Webhooks has it: what integrators' libraries verify."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.signing import new_secret, signed_headers
from tests.receiver import documented_check

#: The example of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_example_is_signed_as_it_says() -> None:
    assert signed_headers(ID, TIMESTAMP, BODY, [SECRET]) == {
        "webhook-id": ID,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE,
    }


def test_the_documented_check_takes_the_specifications_example() -> None:
    headers = {"webhook-id": ID, "webhook-timestamp": str(TIMESTAMP), "webhook-signature": SIGNATURE}
    check = documented_check()

    assert check(SECRET, headers, BODY, now=TIMESTAMP + 299)
    assert not check(SECRET, headers, BODY, now=TIMESTAMP + 301)
    assert not check(SECRET, headers, BODY + b" ", now=TIMESTAMP)
    assert not check(SECRET, {**headers, "webhook-id": "msg_other"}, BODY, now=TIMESTAMP)


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=2**40))
def test_while_secrets_change_either_verifies_and_no_third(body: bytes, timestamp: int) -> None:
    old, new, third = new_secret(), new_secret(), new_secret()
    headers = signed_headers("an id", timestamp, body, [new, old])
    check = documented_check()

    assert check(new, headers, body, now=timestamp)
    assert check(old, headers, body, now=timestamp)
    assert not check(third, headers, body, now=timestamp)


def test_secrets_are_fresh_and_long() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


def test_a_broken_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="base64"):
        signed_headers("an id", 1, b"", ["whsec_not base64!"])
