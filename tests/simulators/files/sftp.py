"""The SFTP half: the same files. Users may write into folders that a test opened for writing, as partners' servers
allow it: an ``inbox`` that can't be written refuses."""

from __future__ import annotations

import io
import os
import socket
import stat
import threading
from contextlib import suppress

import paramiko
from paramiko import (
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_PERMISSION_DENIED,
    SFTPAttributes,
    SFTPHandle,
)

from tests.simulators.files.world import File, World


def serve(world: World, port: int) -> socket.socket:
    """Listen on loopback, in threads. Returns the listening socket; closing it ends the listening."""
    listening = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=_accept, args=(world, listening), daemon=True).start()
    return listening


def _accept(world: World, listening: socket.socket) -> None:
    while True:
        try:
            connection, _address = listening.accept()
        except OSError:
            return
        threading.Thread(target=_talk, args=(world, connection), daemon=True).start()


def _talk(world: World, connection: socket.socket) -> None:
    with suppress(paramiko.SSHException, OSError, EOFError):
        transport = paramiko.Transport(connection)
        transport.add_server_key(world.host_key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, world)
        transport.start_server(server=_Door(world, transport))


class _Door(paramiko.ServerInterface):
    def __init__(self, world: World, transport: paramiko.Transport) -> None:
        self._world = world
        self.transport = transport

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        known = self._world.users.get(username)
        return paramiko.AUTH_SUCCESSFUL if known and known == password else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = key.get_base64() in self._world.keys.get(username, [])
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: _Door, world: World) -> None:
        super().__init__(server)
        self._world = world
        self._transport = server.transport

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        found = self._world.folder(path)
        there = found or path.strip("/") in self._world.folders
        self._world.note("sftp", f"list {path}", 200 if there else 404)
        return [_attributes(name, file) for name, file in found.items()] if there else SFTP_NO_SUCH_FILE

    def stat(self, path: str) -> SFTPAttributes | int:
        file = self._world.files.get(path.strip("/"))
        return _attributes(path, file) if file else SFTP_NO_SUCH_FILE

    lstat = stat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        name = path.strip("/")
        handle = _Handle(flags)
        if flags & (os.O_WRONLY | os.O_RDWR):
            allowed = self._world.may_write(name)
            self._world.note("sftp", f"write {path}", 200 if allowed else 403)
            if not allowed:
                return SFTP_PERMISSION_DENIED if self._world.folder(name.rpartition("/")[0]) else SFTP_NO_SUCH_FILE
            handle.file = self._world.put(name, b"")
            handle.written = io.BytesIO()
            handle.writefile = handle.written
            return handle
        file = self._world.files.get(name)
        self._world.note("sftp", f"open {path}", 200 if file else 404)
        if file is None:
            return SFTP_NO_SUCH_FILE
        handle.file = file
        handle.readfile = io.BytesIO(file.content)
        return handle

    def remove(self, path: str) -> int:
        self._world.note("sftp", f"remove {path}", 200)
        return SFTP_OK if self._world.files.pop(path.strip("/"), None) else SFTP_NO_SUCH_FILE

    def rename(self, oldpath: str, newpath: str) -> int:
        return self._renamed(oldpath, newpath, over=False)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._renamed(oldpath, newpath, over=True)

    def _renamed(self, old: str, new: str, *, over: bool) -> int:
        world, name = self._world, new.strip("/")
        if world.breaks_at_rename:
            fault, world.breaks_at_rename = world.breaks_at_rename, ""
            if fault == "after":
                self._moved(old, name)
            world.note("sftp", f"rename {new} breaks off", 500)
            self._transport.close()
            return SFTP_FAILURE
        if not world.may_write(name):
            return SFTP_PERMISSION_DENIED
        if name in world.files and not over:
            return SFTP_FAILURE
        world.note("sftp", f"rename {new}", 200)
        return SFTP_OK if self._moved(old, name) else SFTP_NO_SUCH_FILE

    def _moved(self, old: str, name: str) -> bool:
        file = self._world.files.pop(old.strip("/"), None)
        if file is None:
            return False
        self._world.files[name] = file
        return True


class _Handle(SFTPHandle):
    file: File
    readfile: io.BytesIO
    written: io.BytesIO | None = None

    def write(self, offset: int, data: bytes) -> int:
        done = super().write(offset, data)
        if self.written is not None:
            self.file.content = self.written.getvalue()
        return int(done)

    def stat(self) -> SFTPAttributes:
        return _attributes("", self.file)


def _attributes(name: str, file: File) -> SFTPAttributes:
    found = SFTPAttributes()
    found.filename = name
    found.st_size = len(file.content)
    found.st_mtime = found.st_atime = file.changed_at
    found.st_mode = stat.S_IFREG | 0o644
    return found
