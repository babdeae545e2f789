"""A small OpenAI-compatible server as a program of its own: ``python small_server.py PORT [trait …]``.

It says which process it is. Traits: ``dies`` (at its first question), ``never`` (does not listen), ``late`` (says 503
to the first three looks), ``ends`` (at once, with last words).
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOKS = iter(range(1000))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        loading = "late" in sys.argv and next(LOOKS) < 3
        self.answer(503 if loading else 200, "application/json", b'{"object": "list", "data": []}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "dies" in sys.argv:
            os._exit(3)
        words = {"index": 0, "delta": {"content": f"I am process {os.getpid()}."}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        frames = [f"data: {json.dumps({'choices': [choice]})}\n\n" for choice in (words, end)]
        self.answer(200, "text/event-stream", ("".join(frames) + "data: [DONE]\n\n").encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    print("the server starts, with", sorted(name for name in os.environ if "CANARY" in name), flush=True)
    if "ends" in sys.argv:
        sys.exit("no such model file")
    if "never" in sys.argv:
        threading.Event().wait()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
