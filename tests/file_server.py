"""A server of model files on the loopback, as a hub and as a plain one, that can misbehave in every way."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HUB = "/me/mine/resolve/v1/"
"""Where the hub's files lie; `/files/` is where plain ones do, under the same names."""
COMMIT = "1" * 40


class Hub(ThreadingHTTPServer):
    """Serves one content under any name, or certain files."""

    daemon_threads = True

    def __init__(self, content: bytes, certificate: tuple[Path, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.content = content
        self.files: dict[str, bytes] = {}
        self.promised: int | None = None
        """The length that a HEAD tells, where it is not the true one."""
        self.lengthless = False
        self.cuts: list[int] = []
        """Where the bodies end, one after the other; then they are whole."""
        self.answers: list[int] = []
        """Statuses of the next downloads; then they succeed."""
        self.ranges = True
        """Whether a part of a file can be had."""
        self.careless = False
        """Whether a part is sent without looking at what version it belongs to."""
        self.tag: str | None = None
        """The entity tag; without one, the SHA-256."""
        self.published = True
        """Whether the hub tells the SHA-256 of its files."""
        self.redirects: dict[str, str] = {}
        self.silence: threading.Event | None = None
        """Set: after a cut, the connection stays open and silent until this happens."""
        self.extra = b""
        """What follows the content."""
        self.asked: list[tuple[str, str, str | None]] = []
        self.authorized: list[str | None] = []

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "HF_ENDPOINT": self.endpoint, "HF_HUB_OFFLINE": ""}

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what is tested here."""


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._reply(body=False)

    def do_GET(self) -> None:
        self._reply(body=True)

    def _reply(self, body: bool) -> None:
        hub = self.server
        hub.asked.append((self.command, self.path, self.headers.get("Range")))
        hub.authorized.append(self.headers.get("Authorization"))
        name = self.path.rsplit("/", 1)[-1]
        if self.path in hub.redirects:
            self._head(302, {"Location": hub.redirects[self.path], "Content-Length": "0"})
        elif not self.path.startswith((HUB, "/files/", "/me/mine/resolve/main/", f"/me/mine/resolve/{COMMIT}/")):
            self._head(404, {"Content-Length": "0"})
        elif body and hub.answers and (status := hub.answers.pop(0)) != 200:
            self._head(status, {"Content-Length": "0", "Retry-After": "7"})
        else:
            self._file(hub.files.get(name, hub.content), body)

    def _file(self, content: bytes, body: bool) -> None:
        hub = self.server
        digest = hashlib.sha256(content).hexdigest()
        tag = f'"{hub.tag or digest}"'
        start = self._start(tag)
        if start >= len(content) and start:
            self._head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
            return
        told = hub.promised if hub.promised is not None and not body else len(content) + len(hub.extra)
        facts = {"ETag": tag, "Content-Length": str(told - start), "Content-Range": f"bytes {start}-{told - 1}/{told}"}
        if not self.path.startswith("/files/"):
            facts |= {"X-Repo-Commit": COMMIT} | ({"X-Linked-ETag": f'"{digest}"'} if hub.published else {})
        if hub.lengthless:
            del facts["Content-Length"]
        self._head(206 if start else 200, facts)
        if body:
            self._send(content + hub.extra, start)

    def _start(self, tag: str) -> int:
        hub, wanted, only = self.server, self.headers.get("Range"), self.headers.get("If-Range")
        match = re.match(r"bytes=(\d+)-", wanted or "")
        if match is None or not hub.ranges or (only not in (None, tag) and not hub.careless):
            return 0
        return int(match[1])

    def _send(self, content: bytes, start: int) -> None:
        hub = self.server
        until = hub.cuts.pop(0) if hub.cuts else len(content)
        self.wfile.write(content[start:until])
        if until < len(content) and hub.silence is not None:
            self.wfile.flush()
            hub.silence.wait(60)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        pass


@contextmanager
def serving(
    files: Mapping[str, bytes], content: bytes = b"", certificate: tuple[Path, Path] | None = None
) -> Iterator[Hub]:
    """Run a hub in a thread."""
    with Hub(content, certificate) as server:
        server.files = dict(files)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            if server.silence is not None:
                server.silence.set()
            server.shutdown()
            thread.join()
