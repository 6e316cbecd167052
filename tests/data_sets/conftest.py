"""Small IDX files, archives made of them, and a server on this machine that hands them out."""

import gzip
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from infoplane.datasets.fetch import Loose
from infoplane.datasets.images import MNIST_FILES, Archive

TRAIN, TEST = 12, 5


def _idx_bytes(array):
    """The IDX file of an array of unsigned bytes, not compressed."""
    header = bytes([0, 0, 8, array.ndim])
    return header + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


@pytest.fixture(scope="session")
def idx_bytes():
    return _idx_bytes


@pytest.fixture(scope="session")
def arrays():
    """Training images and labels, test images and labels; every class is there."""
    rng = np.random.default_rng(0)
    return tuple(
        part
        for n in (TRAIN, TEST)
        for part in (
            rng.integers(0, 256, (n, 28, 28), dtype=np.uint8),
            np.arange(n, dtype=np.uint8) % 10,
        )
    )


@pytest.fixture(scope="session")
def packed(arrays):
    """The same as compressed files, by name."""
    return {
        name: gzip.compress(_idx_bytes(array), mtime=0)
        for name, array in zip(MNIST_FILES, arrays, strict=True)
    }


@pytest.fixture
def fill(packed):
    """Writes the files, or some of them, into a folder, packed or not."""

    def write(folder, names=MNIST_FILES, unpack=False):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            if unpack:
                (folder / name.removesuffix(".gz")).write_bytes(gzip.decompress(packed[name]))
            else:
                (folder / name).write_bytes(packed[name])
        return folder

    return write


@dataclass
class Server:
    """Hands out ``content`` by path; ``announced`` overrides a length to break off a transfer."""

    address: str
    content: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, handler):
        self.asked.append(handler.path)
        if handler.path not in self.content:
            return handler.send_error(404)
        body = self.content[handler.path]
        handler.send_response(200)
        length = self.announced.get(handler.path, len(body))
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            hub.answer(self)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        hub = Server(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield hub
        http.shutdown()
        thread.join()


@pytest.fixture
def archive(server, packed):
    """A tiny twin of MNIST whose two mirrors, /one/ and /two/, both have everything."""
    server.content |= {
        f"/{mirror}/{name}": body for mirror in ("one", "two") for name, body in packed.items()
    }
    return Archive(
        name="tiny",
        folders=("tiny", "tiny-images"),
        files=MNIST_FILES,
        counts=(TRAIN, TEST),
        remote=Loose(
            bases=(f"{server.address}/one/", f"{server.address}/two/"),
            sha256={name: sha256(body).hexdigest() for name, body in packed.items()},
        ),
    )


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, and no ``$INFOPLANE_DATA``."""
    monkeypatch.delenv("INFOPLANE_DATA", raising=False)
    return tmp_path / "cache"
