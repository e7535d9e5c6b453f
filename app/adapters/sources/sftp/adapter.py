"""The newest file of a pattern in a folder of an SFTP server, whose key is remembered at the first visit."""

from __future__ import annotations

import io
import stat
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import paramiko

from app import config, log
from app.adapters._addresses import AddressGuard
from app.feeds.source import Access, AddressRefused, Brought
from app.kit.errors import CredentialsRefused, Rejected, Unavailable
from app.kit.texts import marked as _

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
#: Entries of a folder that are looked at.
_MOST_ENTRIES = 10_000
_CHUNK = 64 * 1024
#: Names under which files stand that are still being written.
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".swp", "~")
#: The signatures with which a server proves that it has an RSA key; SHA-1 is not among them.
_RSA = ("rsa-sha2-512", "rsa-sha2-256")

logger = log.get("adapters.sftp")


@dataclass(frozen=True, slots=True)
class Place:
    """``sftp://host:port/folder/pattern``, taken apart."""

    host: str
    port: int
    folder: str
    pattern: str

    @classmethod
    def parse(cls, address: str) -> Place:
        """Raises ``AddressRefused``."""
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise AddressRefused("That is not an address. It looks like " + Sftp.example) from error
        folder, _slash, pattern = unquote(parts.path).rpartition("/")
        if parts.scheme != "sftp" or not host or len(address) > 2000 or "\x00" in address:
            raise AddressRefused("The address must begin with sftp://, for example " + Sftp.example)
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("Leave the user name and password out of the address; there are fields for them.")
        if not pattern or parts.query or parts.fragment:
            raise AddressRefused("The address must end with a file's name or a pattern, for example " + Sftp.example)
        return cls(host, port or 22, folder or "/", pattern)


class Sftp:
    """The ``FeedTransport`` port over SFTP."""

    name = "sftp"
    label = "SFTP"
    example = "sftp://files.example.com/outbox/stock*.csv"
    schemes = (
        ("password", _("User name and password")),
        ("key", _("User name and private key")),
    )

    def check_address(self, address: str) -> None:
        """By its form only."""
        Place.parse(address)

    def fetch(
        self,
        address: str,
        access: Access,
        marks: Mapping[str, str],
        *,
        into: BinaryIO,
        largest: int,
        total_seconds: float,
    ) -> Brought:
        """See the port. ``marks["host_key"]`` is the server's key as it was seen first."""
        place = Place.parse(address)
        deadline = time.monotonic() + total_seconds
        guard = AddressGuard(config.settings().allowed_hosts)
        transport = paramiko.Transport(guard.connect(place.host, place.port, CONNECT_SECONDS))
        # Whatever the other side does in small steps, ends here.
        timer = threading.Timer(total_seconds, transport.close)
        timer.daemon = True
        timer.start()
        try:
            host_key = _proven(transport, marks.get("host_key"))
            _sign_in(transport, access)
            return _brought(transport, place, {**marks, "host_key": host_key}, into, largest)
        except paramiko.AuthenticationException as error:
            raise CredentialsRefused(f"{place.host} refused the sign-in") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            logger.info("fetch failed", host=place.host, reason=type(error).__name__)
            late = time.monotonic() >= deadline
            raise Unavailable(
                "the whole fetch took too long" if late else f"{place.host} broke the talk off"
            ) from error
        finally:
            timer.cancel()
            transport.close()


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


def _sign_in(transport: paramiko.Transport, access: Access) -> None:
    if access.scheme == "key":
        transport.auth_publickey(access.name, _private_key(access.secret))
    else:
        transport.auth_password(access.name, access.secret)


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


def _brought(
    transport: paramiko.Transport, place: Place, marks: Mapping[str, str], into: BinaryIO, largest: int
) -> Brought:
    client = paramiko.SFTPClient.from_transport(transport)
    if client is None:
        raise Unavailable(f"{place.host} offers no SFTP")
    channel = client.get_channel()
    assert channel is not None
    channel.settimeout(ANSWER_SECONDS)
    newest = _newest(client, place)
    name, size, changed_at = newest.filename, newest.st_size or 0, newest.st_mtime or 0
    mark = f"{name}|{size}|{changed_at}"
    if marks.get("file") == mark:
        return Brought("", marks)
    too_large = Rejected("too_large", f"The file is larger than {largest} bytes.")
    if size > largest:
        raise too_large
    path = f"{place.folder.rstrip('/')}/{name}"
    written = 0
    with client.open(path, "rb") as file:
        file.prefetch(size, max_concurrent_requests=64)
        while piece := file.read(_CHUNK):
            written += len(piece)
            if written > largest:
                raise too_large
            into.write(piece)
    after = client.stat(path)
    if (after.st_size, after.st_mtime) != (newest.st_size, newest.st_mtime) or written != size:
        raise Unavailable("the file is still being written")
    return Brought(name, {**marks, "file": mark})


def _newest(client: paramiko.SFTPClient, place: Place) -> paramiko.SFTPAttributes:
    """The file of the pattern that was changed last. Raises ``Rejected`` when there is none."""
    found: paramiko.SFTPAttributes | None = None
    try:
        for count, one in enumerate(client.listdir_iter(place.folder)):
            if count >= _MOST_ENTRIES:
                raise Rejected("too_many_files", f"The folder holds more than {_MOST_ENTRIES} files; clear it up.")
            if not _is_wanted(one, place.pattern):
                continue
            if found is None or (one.st_mtime or 0, one.filename) > (found.st_mtime or 0, found.filename):
                found = one
    except FileNotFoundError as error:
        raise Rejected("no_folder", f"There is no folder {place.folder}.") from error
    except PermissionError as error:
        raise Rejected("not_readable", f"The folder {place.folder} may not be read.") from error
    if found is None:
        raise Rejected("no_file", f"No file in {place.folder} is called {place.pattern}.")
    return found


def _is_wanted(one: paramiko.SFTPAttributes, pattern: str) -> bool:
    name = one.filename
    if "/" in name or name.startswith(".") or name.lower().endswith(_UNFINISHED):
        return False
    return stat.S_ISREG(one.st_mode or 0) and fnmatchcase(name, pattern)
