"""Talking to SFTP servers that strangers name: checked addresses, remembered host keys, an end to every talk."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paramiko

from app import config, log
from app.adapters._addresses import AddressGuard
from app.kit.errors import CredentialsRefused, Rejected, Unavailable

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
#: Names under which files stand that are still being written.
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".swp", "~")
#: The signatures with which a server proves that it has an RSA key; SHA-1 is not among them.
_RSA = ("rsa-sha2-512", "rsa-sha2-256")

logger = log.get("adapters.sftp")


@dataclass(frozen=True, slots=True)
class Talk:
    """A signed-in connection. ``host_key`` is the server's key as it was shown, to be remembered."""

    client: paramiko.SFTPClient
    host: str
    host_key: str


@contextmanager
def talk(
    host: str, port: int, *, user: str, secret: str, by_key: bool, known: str | None, total_seconds: float
) -> Iterator[Talk]:
    """Connect and sign in, with a password or (``by_key``) a private key. ``known`` is the host's key as it was seen
    before. Raises the four errors; so does whatever the body does with the connection, when that breaks off."""
    deadline = time.monotonic() + total_seconds
    guard = AddressGuard(config.settings().allowed_hosts)
    transport = paramiko.Transport(guard.connect(host, port, CONNECT_SECONDS))
    # Whatever the other side does in small steps, ends here.
    timer = threading.Timer(total_seconds, transport.close)
    timer.daemon = True
    timer.start()
    try:
        host_key = _proven(transport, known)
        if by_key:
            transport.auth_publickey(user, _private_key(secret))
        else:
            transport.auth_password(user, secret)
        yield Talk(_files(transport, host), host, host_key)
    except paramiko.AuthenticationException as error:
        raise CredentialsRefused(f"{host} refused the sign-in") from error
    except UnicodeDecodeError as error:
        raise Rejected(
            "not_utf8", "A file there has a name that is not written in UTF-8. Rename or remove it."
        ) from error
    except (paramiko.SSHException, paramiko.SFTPError, OSError, EOFError) as error:
        logger.info("talk failed", host=host, reason=type(error).__name__)
        late = time.monotonic() >= deadline
        raise Unavailable("the whole fetch took too long" if late else f"{host} broke the talk off") from error
    finally:
        timer.cancel()
        transport.close()


def _files(transport: paramiko.Transport, host: str) -> paramiko.SFTPClient:
    client = paramiko.SFTPClient.from_transport(transport)
    if client is None:
        raise Unavailable(f"{host} offers no SFTP")
    channel = client.get_channel()
    assert channel is not None
    channel.settimeout(ANSWER_SECONDS)
    return client


def _proven(transport: paramiko.Transport, known: str | None) -> str:
    """Begin, and compare the server's key with the one that is known. Raises ``Rejected``."""
    for wait in ("banner_timeout", "handshake_timeout", "auth_timeout", "channel_timeout"):
        setattr(transport, wait, ANSWER_SECONDS)
    if known is not None:
        kind = known.partition(" ")[0]
        # A server may have several keys: ask for the kind that is known.
        transport.get_security_options().key_types = _RSA if kind == "ssh-rsa" else (kind,)
    try:
        transport.start_client(timeout=ANSWER_SECONDS)
    except paramiko.SSHException as error:
        if known is not None and "no acceptable" in str(error).lower():
            raise _another_key() from error
        raise
    key = transport.get_remote_server_key()
    shown = f"{key.get_name()} {key.get_base64()}"
    if known is not None and shown != known:
        raise _another_key()
    return shown


def _another_key() -> Rejected:
    return Rejected(
        "host_key_changed",
        "The server shows another key than before. If it was set up anew, forget the old key on this page; "
        "otherwise somebody may stand in between.",
    )


def _private_key(text: str) -> paramiko.PKey:
    """Raises ``Rejected``."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise Rejected(
        "key_unreadable", "The private key can't be read. Give it as OpenSSH or PEM text, without passphrase."
    )
