"""Files put into and taken from the folders of a partner's SFTP server, none twice and none half.

A file is written under another name and then renamed, so whoever fetches it finds it whole. Of those that were taken a
short mark is kept as long as they stand in their folder.
"""

from __future__ import annotations

import base64
import hashlib
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase

import paramiko

from app.adapters._sftp import UNFINISHED, Talk, talk
from app.kit.errors import Invalid, NothingSent, Rejected, Unavailable
from app.kit.texts import marked as _
from app.purchasing.channel import ChannelSettings, Presence, Setting

#: A whole talk with a partner's server, in seconds.
TALK_SECONDS = 120.0
#: Of answers: the largest file, and how many are taken at once.
LARGEST = 5 * 1024 * 1024
MOST_AT_ONCE = 50
_MOST_ENTRIES = 10_000
_KEEP, _ARCHIVE, _DELETE = "keep", "archive", "delete"

FORM: Sequence[Setting] = (
    Setting(name="host", label=_("SFTP server"), example="files.example.com", is_address=True),
    Setting(name="port", label=_("Port"), kind="number", default="22", is_address=True),
    Setting(name="user", label=_("User name")),
    Setting(
        name="sign_in",
        label=_("Sign in by"),
        kind="choice",
        choices=(("password", _("Password")), ("key", _("Private key"))),
        default="password",
    ),
    Setting(name="password", label=_("Password"), kind="secret", required=False),
    Setting(
        name="private_key",
        label=_("Private key"),
        kind="secret_text",
        required=False,
        help=_("As OpenSSH or PEM text, without passphrase."),
    ),
    Setting(
        name="outbox",
        label=_("Folder for our files"),
        default="/in",
        help=_("We put purchase orders there. Files that end in .part are not finished yet."),
    ),
    Setting(
        name="inbox",
        label=_("Folder with your answers"),
        default="/out",
        help=_("We look there every few minutes."),
    ),
    Setting(name="pattern", label=_("Files to take"), default="*", help=_("For example ack*.csv; * takes every file.")),
    Setting(
        name="afterwards",
        label=_("Files that were taken"),
        kind="choice",
        choices=(
            (_KEEP, _("Stay where they are")),
            (_ARCHIVE, _("Move to the archive folder")),
            (_DELETE, _("Delete")),
        ),
        default=_KEEP,
        help=_("A file is never taken twice, also when it stays."),
    ),
    Setting(name="archive", label=_("Archive folder"), required=False, example="/out/archive"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a partner. ``mark`` stands for its name, size and time."""

    name: str
    content: bytes
    mark: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look into the inbox brought. ``taken``: the marks of all files that stand there and are done with.
    ``too_large``: names of files that were passed over, with their marks."""

    files: Sequence[Found]
    taken: frozenset[str]
    too_large: Sequence[tuple[str, str]]
    more: bool
    host_key: str


def check(settings: ChannelSettings) -> None:
    """By their form. Raises ``Invalid``."""
    port = settings.get("port")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Invalid.field("port", "out_of_range", "A port is a number from 1 to 65535; SFTP usually has 22.")
    host = settings.get("host")
    if "/" in host or ":" in host or " " in host or len(host) > 253:
        raise Invalid.field("host", "not_a_host", "Give the server's name alone, such as files.example.com.")
    by_key = settings.get("sign_in") == "key"
    wanted = "private_key" if by_key else "password"
    if not settings.get(wanted):
        raise Invalid.field(wanted, "required", "This is needed to sign in.")
    folders = [settings.get(name) for name in ("outbox", "inbox", "archive")]
    if any("\x00" in folder or ".." in folder.split("/") for folder in folders):
        raise Invalid.field("outbox", "not_a_folder", "A folder is a path such as /in.")
    if folders[0].rstrip("/") == folders[1].rstrip("/"):
        raise Invalid.field("inbox", "same_folder", "Your answers need another folder than our files.")
    if settings.get("afterwards") == _ARCHIVE and not folders[2]:
        raise Invalid.field("archive", "required", "Name the folder that files are moved to.")


def test(settings: ChannelSettings) -> str:
    """Sign in and look into both folders; a file is put down and taken away again. Raises the four errors."""
    with _open(settings) as server:
        client = server.client
        outbox, inbox = settings.get("outbox"), settings.get("inbox")
        trial = _path(outbox, "crossdock-test.part")
        try:
            with client.open(trial, "wb") as file:
                file.write(b"This file can be deleted.\n")
            client.remove(trial)
        except OSError as error:
            raise Rejected(
                "not_writable", f"No file can be put into {outbox}. Is it there, and may we write?"
            ) from error
        count = sum(1 for _one in _listed(client, inbox, settings.get("pattern")))
    return f"Signed in. Files can be put into {outbox}; {inbox} holds {count} that fit."


def put(settings: ChannelSettings, name: str, content: bytes, *, alone: bool = False) -> str:
    """Put a file down whole. One of that name that stands there already is the same file; with ``alone`` one of another
    size is somebody else's. Returns the host's key. Raises ``NothingSent`` before the name was given, ``Unavailable``
    when the giving had no answer, and the others."""
    renaming = False
    outbox = settings.get("outbox")
    target = _path(outbox, name)
    try:
        with _open(settings) as server:
            client = server.client
            if _there(client, target):
                if alone and client.stat(target).st_size != len(content):
                    told = (
                        f"{outbox} holds another file {name}. Move it away or choose another folder; then send again."
                    )
                    raise Rejected("name_taken", told)
                return server.host_key
            try:
                with client.open(f"{target}.part", "wb") as file:
                    file.set_pipelined(True)
                    file.write(content)
            except (FileNotFoundError, PermissionError) as error:
                raise Rejected("not_writable", f"No file can be put into {outbox}.") from error
            if client.stat(f"{target}.part").st_size != len(content):
                raise NothingSent("the server kept a part of the file only")
            renaming = True
            try:
                _rename(client, f"{target}.part", target)
            except PermissionError as error:
                raise Rejected("not_writable", f"Files in {outbox} can't be given their final name.") from error
            return server.host_key
    except NothingSent:
        raise
    except Unavailable as error:
        if renaming:
            raise
        raise NothingSent(str(error)) from error


def presence(settings: ChannelSettings, name: str) -> Presence:
    """Whether a file that was to be put down arrived. One that still has its unfinished name did not; where neither
    stands, it was fetched or never written, and nobody can tell."""
    target = _path(settings.get("outbox"), name)
    with _open(settings) as server:
        if _there(server.client, target):
            return Presence.FOUND
        if _there(server.client, f"{target}.part"):
            return Presence.ABSENT
    return Presence.CANNOT_TELL


def look(settings: ChannelSettings, taken: Iterable[str]) -> Looked:
    """Bring the files of the inbox that were not taken yet, oldest first."""
    known = set(taken)
    with _open(settings) as server:
        client, inbox = server.client, settings.get("inbox")
        standing = {_mark(one.filename, one): one for one in _listed(client, inbox, settings.get("pattern"))}
        fresh = sorted(
            ((mark, one) for mark, one in standing.items() if mark not in known),
            key=lambda pair: (pair[1].st_mtime or 0, pair[1].filename),
        )
        files: list[Found] = []
        too_large: list[tuple[str, str]] = []
        for mark, one in fresh[:MOST_AT_ONCE]:
            content = _content(client, _path(inbox, one.filename), one)
            if content is None:
                too_large.append((one.filename, mark))
            elif content is not _MOVED:
                files.append(Found(one.filename, content, mark))
    return Looked(files, frozenset(known & standing.keys()), too_large, len(fresh) > MOST_AT_ONCE, server.host_key)


def put_away(settings: ChannelSettings, names: Iterable[str]) -> None:
    """Do with taken files what the partner chose; those that are gone already are gone, and one that was put in a taken
    one's place meanwhile stays."""
    after = settings.get("afterwards")
    wanted = list(names)
    if after not in (_ARCHIVE, _DELETE) or not wanted:
        return
    inbox, archive = settings.get("inbox"), settings.get("archive")
    taken = remembered(settings)
    with _open(settings) as server:
        for name in wanted:
            with suppress(FileNotFoundError):
                standing = server.client.stat(_path(inbox, name))
                if _mark(name, standing) not in taken:
                    # Another file has this name by now, which nobody has read.
                    continue
                if after == _DELETE:
                    server.client.remove(_path(inbox, name))
                else:
                    _archive(server.client, _path(inbox, name), _path(archive, name))


def mark_of(settings: ChannelSettings) -> str:
    """What tells a supplier's files from those of others that use the same folder."""
    return hashlib.sha256(settings.supplier_id.encode()).hexdigest()[:6]


def remembered(settings: ChannelSettings) -> frozenset[str]:
    """The marks of files that were taken, of the settings' marks."""
    return frozenset(settings.marks.get("taken", "").split())


def to_remember(looked: Looked, done: Iterable[str]) -> Mapping[str, str]:
    """The settings' marks after a look."""
    return {"host_key": looked.host_key, "taken": " ".join(sorted({*looked.taken, *done}))}


@contextmanager
def _open(settings: ChannelSettings) -> Iterator[Talk]:
    by_key = settings.get("sign_in") == "key"
    with talk(
        settings.get("host"),
        int(settings.get("port") or 22),
        user=settings.get("user"),
        secret=settings.get("private_key" if by_key else "password"),
        by_key=by_key,
        known=settings.marks.get("host_key") or None,
        total_seconds=TALK_SECONDS,
    ) as server:
        yield server


def _path(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _there(client: paramiko.SFTPClient, path: str) -> bool:
    try:
        client.stat(path)
    except FileNotFoundError:
        return False
    return True


def _rename(client: paramiko.SFTPClient, old: str, new: str) -> None:
    """OpenSSH's way, which replaces what is there, or else that of the draft, which every server knows."""
    _either(lambda: client.posix_rename(old, new), lambda: client.rename(old, new))


def _either(first: Callable[[], None], second: Callable[[], None]) -> None:
    try:
        first()
    except FileNotFoundError:
        raise
    except OSError as error:
        if "unsupported" not in str(error).lower() and "not supported" not in str(error).lower():
            raise
        second()


def _archive(client: paramiko.SFTPClient, old: str, new: str) -> None:
    try:
        _rename(client, old, new)
    except FileNotFoundError:
        raise
    except (PermissionError, OSError) as error:
        raise Rejected("not_archived", "Files can't be moved to the archive folder. Is it there?") from error


def _listed(client: paramiko.SFTPClient, folder: str, pattern: str) -> Iterator[paramiko.SFTPAttributes]:
    try:
        for count, one in enumerate(client.listdir_iter(folder)):
            if count >= _MOST_ENTRIES:
                raise Rejected("too_many_files", f"{folder} holds more than {_MOST_ENTRIES} files; clear it up.")
            name = one.filename
            if "/" in name or name.startswith(".") or name.lower().endswith(UNFINISHED):
                continue
            if stat.S_ISREG(one.st_mode or 0) and fnmatchcase(name, pattern or "*"):
                yield one
    except FileNotFoundError as error:
        raise Rejected("no_folder", f"There is no folder {folder}.") from error
    except PermissionError as error:
        raise Rejected("not_readable", f"The folder {folder} may not be read.") from error


#: Stands for a file that went or changed while it was read; the next look finds it.
_MOVED = b"\x00moved"


def _content(client: paramiko.SFTPClient, path: str, one: paramiko.SFTPAttributes) -> bytes | None:
    """The whole file; None when it is too large."""
    size = one.st_size or 0
    if size > LARGEST:
        return None
    try:
        with client.open(path, "rb") as file:
            content = file.read(LARGEST + 1)
        after = client.stat(path)
    except FileNotFoundError:
        return _MOVED
    if (after.st_size, after.st_mtime) != (one.st_size, one.st_mtime) or len(content) != size:
        return _MOVED
    return content


def _mark(name: str, one: paramiko.SFTPAttributes) -> str:
    told = f"{name}|{one.st_size}|{one.st_mtime}"
    return base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()[:9]).decode()
