"""Files with a partner's SFTP server: none half, none twice, and after a break it is found out what arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import paramiko
import pytest

from app.adapters import _exchange, registries
from app.kit.errors import CredentialsRefused, Invalid, NothingSent, Rejected, Unavailable
from app.purchasing.channel import Presence, SupplierChannel
from tests.adapters.channels.partner import NOTE, Exchange, exchange_with, sending
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import file_servers
from tests.simulators.process import free_port

__all__ = ["exchange_with", "file_servers", "set_up"]
KINDS = ("x12", "sftp_csv")
Made = Callable[[SupplierChannel], Exchange]


@pytest.fixture(params=KINDS)
def exchange(request: pytest.FixtureRequest, exchange_with: Made) -> Exchange:
    """A partner of each kind."""
    return exchange_with(registries.channels.get(request.param))


def test_a_message_is_one_file_however_often_it_is_sent(exchange: Exchange) -> None:
    first = exchange.channel.transmit([NOTE], exchange.settings, sending())
    (name,) = exchange.sent()
    assert first.reference == name and not first.confirmed
    again = exchange.channel.transmit([NOTE], exchange.settings, sending(again=True))
    assert again.reference == name and list(exchange.sent()) == [name]
    assert first.marks["host_key"].startswith("ecdsa")


@pytest.mark.parametrize(("when", "presence"), [("before", Presence.ABSENT), ("after", Presence.FOUND)])
def test_when_the_talk_breaks_off_a_probe_finds_out_what_arrived(
    exchange: Exchange, when: str, presence: Presence
) -> None:
    exchange.servers.break_at_rename(when)
    with pytest.raises(Unavailable) as caught:
        exchange.channel.transmit([NOTE], exchange.settings, sending())
    assert not isinstance(caught.value, NothingSent), "it may have arrived"

    assert exchange.channel.probe(NOTE, exchange.settings, sending()).presence is presence
    if presence is Presence.ABSENT:
        assert exchange.channel.probe(NOTE, exchange.settings, sending()).presence is presence, "asked again as well"
        exchange.channel.transmit([NOTE], exchange.settings, sending(again=True))
    assert len(exchange.sent()) == 1


def test_a_file_that_was_fetched_or_never_written_can_not_be_told(exchange: Exchange) -> None:
    assert exchange.channel.probe(NOTE, exchange.settings, sending()).presence is Presence.CANNOT_TELL


def test_a_server_that_is_not_there_was_given_nothing(exchange: Exchange, set_up: Callable[..., None]) -> None:
    exchange.set(port=str(free_port()))
    with pytest.raises(Rejected) as walled:
        exchange.channel.transmit([NOTE], exchange.settings, sending())
    assert walled.value.code == "address_refused"
    set_up(outbound_allowed_hosts="127.0.0.1")
    with pytest.raises(NothingSent):
        exchange.channel.transmit([NOTE], exchange.settings, sending())


def test_the_sign_in_the_folder_and_the_host_key_are_told_apart(exchange: Exchange) -> None:
    assert "Signed in" in exchange.channel.test(exchange.settings)
    assert exchange.sent() == {}, "the trial file is taken away"
    marks = exchange.channel.transmit([NOTE], exchange.settings, sending()).marks
    with pytest.raises(CredentialsRefused):
        exchange.channel.test(replace(exchange.settings, secrets={"password": "guess"}))
    exchange.set(outbox="/elsewhere")
    with pytest.raises(Rejected, match="No file can be put into /elsewhere"):
        exchange.channel.test(exchange.settings)
    with pytest.raises(Rejected, match="No file can be put into /elsewhere"):
        exchange.channel.transmit([NOTE], exchange.settings, sending(8))
    known = replace(exchange.settings, marks=marks)
    exchange.servers.new_host_key()
    with pytest.raises(Rejected) as caught:
        exchange.channel.poll(known, ())
    assert caught.value.code == "host_key_changed"


def test_what_lies_in_the_inbox_is_taken_once_and_what_is_unfinished_not_at_all(exchange: Exchange) -> None:
    exchange.answer("one.csv", "nonsense")
    exchange.answer("two.csv.part", "nonsense")
    exchange.answer(".hidden", "nonsense")
    assert [one.source for one in exchange.poll().unreadable] == ["one.csv"]
    exchange.put_away(1)
    assert exchange.poll().unreadable == []
    assert exchange.servers.listed(exchange.inbox) == [".hidden", "one.csv", "two.csv.part"], "nothing is deleted"

    exchange.answer("one.csv", "other nonsense")
    assert len(exchange.poll().unreadable) == 1, "another file of the same name is another file"
    exchange.servers.delete(f"{exchange.inbox}/one.csv")
    assert exchange.poll().marks["taken"] == "", "what is gone needs no memory"


@pytest.mark.parametrize(("afterwards", "archived"), [("archive", ["one.csv"]), ("delete", [])])
def test_taken_files_are_put_away_as_the_partner_chose_also_after_a_crash(
    exchange: Exchange, afterwards: str, archived: list[str]
) -> None:
    exchange.set(afterwards=afterwards)
    exchange.answer("one.csv", "nonsense")
    exchange.poll()
    assert exchange.servers.listed(exchange.inbox) == ["one.csv"], "not before it is written down"
    before = exchange.settings
    exchange.put_away(1)
    exchange.settings = before
    exchange.put_away(1)
    assert exchange.servers.listed(exchange.inbox) == []
    assert exchange.servers.listed(f"{exchange.root}/done") == archived


@pytest.mark.parametrize("afterwards", ["archive", "delete"])
def test_a_file_that_took_the_place_of_a_taken_one_is_not_put_away_unread(exchange: Exchange, afterwards: str) -> None:
    exchange.set(afterwards=afterwards)
    exchange.answer("one.csv", "nonsense")
    exchange.poll()
    exchange.answer("one.csv", "other nonsense")
    exchange.put_away(1)
    assert exchange.servers.listed(exchange.inbox) == ["one.csv"]
    assert len(exchange.poll().unreadable) == 1


def test_a_folder_that_several_use_loses_no_order(exchange: Exchange) -> None:
    exchange.channel.transmit([NOTE], exchange.settings, sending())
    with pytest.raises(Rejected) as caught:
        exchange.channel.transmit([replace(NOTE, number="2002-1", lines=NOTE.lines[:1])], exchange.settings, sending())
    assert caught.value.code == "name_taken"


def test_a_file_name_that_is_not_utf_8_is_told(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*_args: object) -> None:
        b"Best\xe4tigung.csv".decode()

    # What the library does with such a name; servers that are simulated have none.
    monkeypatch.setattr(paramiko.SFTPClient, "listdir_iter", listed)
    with pytest.raises(Rejected) as caught:
        exchange.poll()
    assert "UTF-8" in caught.value.message


def test_a_file_that_is_too_large_is_told_once_and_passed_over(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_exchange, "LARGEST", 100)
    exchange.answer("large.csv", "x" * 101)
    (told,) = exchange.poll().unreadable
    assert "large" in told.problem
    assert exchange.poll().unreadable == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"port": "0"}, "port"),
        ({"port": "x"}, "port"),
        ({"host": "sftp://files.example"}, "host"),
        ({"inbox": "/in", "outbox": "/in/"}, "inbox"),
        ({"sign_in": "key"}, "private_key"),
        ({"afterwards": "archive", "archive": ""}, "archive"),
        ({"outbox": "/a/../../etc"}, "outbox"),
        ({"user": ""}, "user"),
    ],
)
def test_settings_that_can_not_be_are_refused_by_their_field(
    exchange: Exchange, values: dict[str, str], field: str
) -> None:
    exchange.set(**values)
    with pytest.raises(Invalid) as caught:
        exchange.channel.check(exchange.settings)
    assert [one.field for one in caught.value.errors] == [field]
