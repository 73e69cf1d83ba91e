"""A weights folder of the test's own, a table of weights for it, and a web server on loopback that misbehaves."""

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from fsbench.zoo import manifest
from fsbench.zoo.manifest import Weight

ONNX = b"\x08\x08" + np.random.default_rng(3).bytes(400_000)


class Server:
    """A real web server whose answers are cut, late, wrong or elsewhere, as a test asks."""

    def __init__(self):
        self.files = {}
        self.types = {}  # path -> Content-Type
        self.moved = {}  # path -> where it is now
        self.cut = []  # one entry an answer: how many bytes before the connection breaks; None all
        self.stall = []  # one entry an answer: seconds of silence after half of the bytes
        self.asked = []  # (path, Range header)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request):
        name, wanted = request.path.lstrip("/"), request.headers.get("Range")
        self.asked.append((name, wanted))
        if name in self.moved:
            request.send_response(302)
            request.send_header("Location", self.moved[name])
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        if name not in self.files:
            request.send_error(404)
            return
        content = self.files[name]
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        unchanged = request.headers.get("If-Range") in (None, tag)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and unchanged else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.send_header("Content-Type", self.types.get(name, "application/octet-stream"))
        request.send_header("ETag", tag)
        request.end_headers()
        limit = self.cut.pop(0) if self.cut else None
        silence = self.stall.pop(0) if self.stall else 0
        try:
            rest = content[start:]
            if silence:
                request.wfile.write(rest[: len(rest) // 2])
                request.wfile.flush()
                time.sleep(silence)
                rest = rest[len(rest) // 2 :]
            request.wfile.write(rest if limit is None else rest[:limit])
        except OSError:
            pass  # the reader has given up


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FSBENCH_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def known(monkeypatch):
    """Make weights known, as a table of the package would."""
    table = dict(manifest.weights())

    def know(name="net", file="net.onnx", content=b"", **fields):
        facts = {"licence": "MIT", "purpose": "a test", "source": "here", "by_hand": "Ask.", **fields}
        if content:
            facts |= {"sha256": hashlib.sha256(content).hexdigest(), "vouched": "owner", "bytes": len(content)}
        table[name] = Weight(name=name, file=file, **facts)
        return table[name]

    monkeypatch.setattr(manifest, "read_tables", lambda folder: table)
    return know
