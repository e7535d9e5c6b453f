"""A bucket of an S3-compatible store on loopback. It checks each request's signature (AWS Signature Version 4, as
published) and keeps objects in memory."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

KEY_ID, SECRET, BUCKET = "AKIDEXAMPLE", "wJalrXUtnFEMI/bucket", "pictures"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8}/[^/]+/s3/aws4_request), "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


class Bucket(ThreadingHTTPServer):
    """The store. ``fails_with`` is answered to the next requests instead."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.fails_with: tuple[int, str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._refused(body):
            return
        self.server.objects[self.path] = body
        self._answer(200)

    def do_GET(self) -> None:
        if self._refused(b""):
            return
        if self.path not in self.server.objects:
            self._error(404, "NoSuchKey")
        else:
            self._answer(200, self.server.objects[self.path])

    def do_DELETE(self) -> None:
        if not self._refused(b""):
            self.server.objects.pop(self.path, None)
            self._answer(204)

    def _refused(self, body: bytes) -> bool:
        if self.server.fails_with is not None:
            self._error(*self.server.fails_with)
        elif not self._signed(body):
            self._error(403, "SignatureDoesNotMatch")
        elif not self.path.startswith(f"/{BUCKET}/"):
            self._error(404, "NoSuchBucket")
        else:
            return False
        return True

    def _signed(self, body: bytes) -> bool:
        found = _AUTHORIZATION.fullmatch(self.headers.get("Authorization", ""))
        if found is None or found[1] != KEY_ID:
            return False
        scope, names, signature = found[2], found[3], found[4]
        said = self.headers.get("x-amz-content-sha256", "")
        if said not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return False
        parts = urlsplit(self.path)
        headers = "".join(f"{name}:{' '.join(str(self.headers.get(name, '')).split())}\n" for name in names.split(";"))
        request = "\n".join([self.command, parts.path, parts.query, headers, names, said])
        when = self.headers.get("x-amz-date", "")
        text = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), signature)

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def bucket() -> Iterator[Bucket]:
    """The store until the block ends."""
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
