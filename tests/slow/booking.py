"""A booking site on this machine whose calendar turns empty, falls silent, or repeats the address it was asked for."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

SILENCE_S = 2.0


class Site:
    """Gives `content` at an address with a token, or does what `mode` says instead."""

    def __init__(self, token: str, content: bytes) -> None:
        self.mode: Literal["gives", "repeats", "silent"] = "gives"
        self.content = content
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if site.mode == "silent":
                    time.sleep(SILENCE_S)
                with suppress(ConnectionError):  # who asked may be gone by now
                    self.send_response(302 if site.mode == "repeats" else 200)
                    if site.mode == "repeats":
                        self.send_header("Location", f"http://booking.example{self.path}")
                    self.end_headers()
                    self.wfile.write(self.path.encode() if site.mode == "repeats" else site.content)

            def log_message(self, format: str, *_: Any) -> None:  # noqa: A002  # its parent's word
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/{token}.ics?s={token}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Switch it off."""
        self._server.shutdown()
        self._server.server_close()
