"""The SFTP half: the same files, read-only."""

from __future__ import annotations

import io
import socket
import stat
import threading
from contextlib import suppress

import paramiko
from paramiko import SFTP_NO_SUCH_FILE, SFTPAttributes, SFTPHandle

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
        transport.start_server(server=_Door(world))


class _Door(paramiko.ServerInterface):
    def __init__(self, world: World) -> None:
        self._world = world

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
    def __init__(self, server: paramiko.ServerInterface, world: World) -> None:
        super().__init__(server)
        self._world = world

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        found = self._world.folder(path)
        self._world.note("sftp", f"list {path}", 200 if found else 404)
        return [_attributes(name, file) for name, file in found.items()] or SFTP_NO_SUCH_FILE

    def stat(self, path: str) -> SFTPAttributes | int:
        file = self._world.files.get(path.strip("/"))
        return _attributes(path, file) if file else SFTP_NO_SUCH_FILE

    lstat = stat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:
        file = self._world.files.get(path.strip("/"))
        self._world.note("sftp", f"open {path}", 200 if file else 404)
        if file is None:
            return SFTP_NO_SUCH_FILE
        handle = _Handle(flags)
        handle.file = file
        handle.readfile = io.BytesIO(file.content)
        return handle


class _Handle(SFTPHandle):
    file: File
    readfile: io.BytesIO

    def stat(self) -> SFTPAttributes:
        return _attributes("", self.file)


def _attributes(name: str, file: File) -> SFTPAttributes:
    found = SFTPAttributes()
    found.filename = name
    found.st_size = len(file.content)
    found.st_mtime = found.st_atime = file.changed_at
    found.st_mode = stat.S_IFREG | 0o644
    return found
