"""Mail transports, and SMTP against a real server on this machine."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.adapters import registries
from app.kit.errors import CredentialsRefused, Rejected, Unavailable
from app.notifications.mail import MailTransport
from tests.adapters.settings import set_up

__all__ = ["set_up"]

TRANSPORTS = registries.mail.all()
LETTER = {
    "message_id": "0198c0de-0000-7000-8000-000000000001",
    "recipient": "anna@shop.example",
    "subject": "New order 1001-1: 3 items – ship by 24 Nov",
    "text": "Grüße,\nthree lines of the plain part.\n.\nA line after a dot.",
    "html": "<p>Grüße</p>",
}


class Server:
    """What a mail server answers, and what reached it."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.logins: list[tuple[str, str]] = []
        self.on_recipient = self.on_data = "250 OK"
        self.on_quit = "221 Bye"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.on_data.startswith("250"):
            self.received.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.on_data

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.on_quit

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, kind: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        login, password = given.login.decode(), given.password.decode()
        self.logins.append((login, password))
        return AuthResult(success=password == "right p@ss", handled=False)

    def message(self) -> EmailMessage:
        (envelope,) = self.received
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def plain(server: Server, set_up: Callable[..., None]) -> Iterator[int]:
    """A server without encryption; its port."""
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    set_up(smtp_url=f"smtp://127.0.0.1:{controller.port}", mail_from="Crossdock <orders@crossdock.example>")
    yield controller.port
    controller.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize("name", sorted(TRANSPORTS))
def test_every_transport_keeps_to_the_port(name: str) -> None:
    assert isinstance(TRANSPORTS[name], MailTransport)
    assert TRANSPORTS[name].name == name


def test_the_mailbox_sends_nothing(plain: int, server: Server) -> None:
    TRANSPORTS["mailbox"].send(**LETTER)
    assert server.received == []


def test_a_message_arrives_whole(plain: int, server: Server) -> None:
    TRANSPORTS["smtp"].send(**LETTER)
    message = server.message()
    assert server.received[0].mail_from == "orders@crossdock.example"
    assert server.received[0].rcpt_tos == ["anna@shop.example"]
    assert message["From"] == "Crossdock <orders@crossdock.example>"
    assert message["To"] == "anna@shop.example"
    assert message["Subject"] == LETTER["subject"]
    assert message["Message-ID"] == f"<{LETTER['message_id']}@crossdock.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime is not None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    assert text.get_content().replace("\r\n", "\n").rstrip("\n") == LETTER["text"]
    assert html.get_content().strip() == LETTER["html"]


def test_a_repeated_message_has_the_same_id(plain: int, server: Server) -> None:
    for _ in range(2):
        TRANSPORTS["smtp"].send(**LETTER)
    ids = {message_from_bytes(one.content or b"")["Message-ID"] for one in server.received}
    assert len(server.received) == 2
    assert len(ids) == 1


@pytest.mark.parametrize("field", ["recipient", "subject", "message_id"])
@pytest.mark.parametrize("sign", ["\n", "\r", "\r\n"])
def test_a_line_break_in_a_header_is_refused(plain: int, server: Server, field: str, sign: str) -> None:
    with pytest.raises(Rejected) as caught:
        TRANSPORTS["smtp"].send(**{**LETTER, field: f"{LETTER[field]}{sign}Bcc: eve@evil.example"})
    assert caught.value.code == "header_injection"
    assert server.received == []


@pytest.mark.parametrize("recipient", ["", "anna", "anna@", "a@b.example, c@d.example", "Anna <anna@shop.example>"])
def test_only_one_plain_address_is_a_recipient(plain: int, server: Server, recipient: str) -> None:
    with pytest.raises(Rejected) as caught:
        TRANSPORTS["smtp"].send(**{**LETTER, "recipient": recipient})
    assert caught.value.code == "bad_recipient"
    assert server.received == []


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
def test_a_passing_refusal_is_tried_again(plain: int, server: Server, stage: str) -> None:
    setattr(server, stage, "451 Greylisted, try again")
    with pytest.raises(Unavailable):
        TRANSPORTS["smtp"].send(**LETTER)


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
def test_a_definite_refusal_is_final(plain: int, server: Server, stage: str) -> None:
    setattr(server, stage, "550 No such user")
    with pytest.raises(Rejected) as caught:
        TRANSPORTS["smtp"].send(**LETTER)
    assert caught.value.code == "smtp_550"
    assert "No such user" in caught.value.message


def test_a_bad_end_does_not_undo_what_was_handed_over(plain: int, server: Server) -> None:
    server.on_quit = "421 Too busy to say goodbye"
    TRANSPORTS["smtp"].send(**LETTER)
    assert len(server.received) == 1


def test_nobody_answers(set_up: Callable[..., None]) -> None:
    set_up(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable):
        TRANSPORTS["smtp"].send(**LETTER)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:25", "smtp://"])
def test_without_a_server_the_message_waits(set_up: Callable[..., None], url: str) -> None:
    set_up(smtp_url=url)
    with pytest.raises(Unavailable):
        TRANSPORTS["smtp"].send(**LETTER)


def test_encryption_and_a_login(
    server: Server,
    set_up: Callable[..., None],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=server_context(certificate),
        require_starttls=True,
        authenticator=server.authenticate,
        auth_required=True,
    )
    controller.start()
    try:
        address = f"127.0.0.1:{controller.port}?starttls=1"
        set_up(smtp_url=f"smtp://me%40crossdock.example:right%20p%40ss@{address}")
        TRANSPORTS["smtp"].send(**LETTER)
        set_up(smtp_url=f"smtp://me:wrong@{address}")
        with pytest.raises(CredentialsRefused):
            TRANSPORTS["smtp"].send(**LETTER)
    finally:
        controller.stop()
    assert server.encrypted == [True]
    assert server.logins[0] == ("me@crossdock.example", "right p@ss")


def test_encryption_from_the_first_byte(
    server: Server,
    set_up: Callable[..., None],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    controller = Controller(
        server, hostname="127.0.0.1", port=free_port(), ssl_context=server_context(certificate), server_hostname=""
    )
    controller.start()
    try:
        set_up(smtp_url=f"smtps://127.0.0.1:{controller.port}")
        TRANSPORTS["smtp"].send(**LETTER)
    finally:
        controller.stop()
    assert len(server.received) == 1


def test_a_stranger_s_certificate_is_refused(
    server: Server, set_up: Callable[..., None], certificate: tuple[Path, Path]
) -> None:
    controller = Controller(
        server, hostname="127.0.0.1", port=free_port(), tls_context=server_context(certificate), require_starttls=True
    )
    controller.start()
    try:
        set_up(smtp_url=f"smtp://127.0.0.1:{controller.port}?starttls=1")
        with pytest.raises(Unavailable):
            TRANSPORTS["smtp"].send(**LETTER)
    finally:
        controller.stop()
    assert server.received == []


def test_what_asks_for_encryption_is_never_sent_without(
    plain: int, server: Server, set_up: Callable[..., None]
) -> None:
    set_up(smtp_url=f"smtp://127.0.0.1:{plain}?starttls=1")
    with pytest.raises((Unavailable, Rejected)):
        TRANSPORTS["smtp"].send(**LETTER)
    assert server.received == []
