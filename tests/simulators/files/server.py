"""The web half: files behind Basic or a token, with ETag and Last-Modified, and the levers of tests."""

from __future__ import annotations

from email.utils import formatdate

from flask import Flask, Response, jsonify, request
from paramiko import ECDSAKey

from tests.simulators.files.world import World


def make_app(world: World) -> Flask:
    """The application."""
    app = Flask(__name__)

    @app.get("/_sim/health")
    def health() -> Response:
        return jsonify(ok=True)

    @app.put("/_sim/files/<path:path>")
    def put_file(path: str) -> Response:
        """The body is the file; ``basic=user:password``, ``token=Header:value``, ``status=404``, ``etag=no``."""
        pairs = {name: tuple(request.args[name].split(":", 1)) for name in ("basic", "token") if name in request.args}
        file = world.put(
            path,
            request.get_data(),
            status=int(request.args.get("status", 200)),
            etag=request.args.get("etag") != "no",
            **pairs,
        )
        return jsonify(etag=file.tag)

    @app.delete("/_sim/files/<path:path>")
    def delete_file(path: str) -> Response:
        world.files.pop(path, None)
        return jsonify(ok=True)

    @app.get("/_sim/files/<path:path>")
    def read_file(path: str) -> Response:
        """A file as its owner finds it on the disk."""
        file = world.files.get(path)
        return Response(file.content if file else b"", status=200 if file else 404)

    @app.put("/_sim/folders/<path:path>")
    def put_folder(path: str) -> Response:
        """An empty folder; ``write=yes`` lets users put files there."""
        world.folders.add(path)
        (world.writable.add if request.args.get("write") == "yes" else world.writable.discard)(path)
        return jsonify(ok=True)

    @app.get("/_sim/folders/<path:path>")
    def list_folder(path: str) -> Response:
        return jsonify(files=sorted(world.folder(path)))

    @app.post("/_sim/break-at-rename/<when>")
    def break_at_rename(when: str) -> Response:
        """The next renaming breaks off, ``before`` or ``after`` it was done."""
        world.breaks_at_rename = when
        return jsonify(ok=True)

    @app.put("/_sim/users/<name>")
    def put_user(name: str) -> Response:
        """``password`` and ``key`` (base64 of a public key) of an SFTP user."""
        world.users[name] = request.args.get("password", "")
        world.keys[name] = request.args.getlist("key")
        return jsonify(ok=True)

    @app.post("/_sim/host-key")
    def new_host_key() -> Response:
        """As if the server was set up anew."""
        world.host_key = ECDSAKey.generate()
        return jsonify(fingerprint=world.host_key.fingerprint)

    @app.get("/_sim/asked")
    def asked() -> Response:
        return jsonify(asked=world.asked)

    @app.get("/files/<path:path>")
    def get_file(path: str) -> Response:
        answer = _answer(world, path)
        world.note("http", path, answer.status_code)
        return answer

    return app


def _answer(world: World, path: str) -> Response:
    file = world.files.get(path)
    if file is None:
        return Response("no such file", status=404)
    if file.status != 200:
        return Response("a fault", status=file.status)
    sent = request.authorization
    if file.basic and (sent is None or (sent.username, sent.password) != file.basic):
        return Response("sign in", status=401)
    if file.token and request.headers.get(file.token[0]) != file.token[1]:
        return Response("not you", status=403)
    since = formatdate(file.changed_at, usegmt=True)
    headers = {"Last-Modified": since, **({"ETag": file.tag} if file.etag else {})}
    known = request.headers.get("If-None-Match")
    if known == file.tag or (known is None and file.etag and request.headers.get("If-Modified-Since") == since):
        return Response(status=304, headers=headers)
    return Response(file.content, headers=headers, content_type="text/csv")
