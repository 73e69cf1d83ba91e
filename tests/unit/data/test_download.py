import hashlib
import io
import socket
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from fsbench.data.download import LFW_FILES, get_lfw
from fsbench.data.lfw import Lfw
from fsbench.data.transfer import Remote, fetch
from fsbench.errors import ConfigError, DataError

PAIRS = b"1\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\n"


class Server:
    """A real web server whose files end early, or that ignores Range, as a test asks."""

    def __init__(self):
        self.files = {}
        self.cut = []  # one entry an answer: how many bytes to send before the connection breaks; None all
        self.knows_range = True
        self.asked = []  # (path, Range header)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request):
        wanted = request.headers.get("Range")
        self.asked.append((request.path, wanted))
        content = self.files.get(request.path.lstrip("/"))
        if content is None:
            request.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.knows_range else 0
        if start >= len(content) > 0 and start:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        limit = self.cut.pop(0) if self.cut else None
        request.wfile.write(content[start:] if limit is None else content[start : start + limit])

    def remote(self, name, content, *, sha256=None):
        self.files[name] = content
        return Remote(name, self.url + name, sha256 or hashlib.sha256(content).hexdigest())


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


CONTENT = np.random.default_rng(5).bytes(1_000_000)


def archive(*members, top="lfw"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name in members or (f"{top}/Ann/Ann_0001.jpg", f"{top}/Ann/Ann_0002.jpg", f"{top}/Bob/Bob_0001.jpg"):
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = 0 if member.issym() else 4
            file.addfile(member, None if member.issym() else io.BytesIO(b"jpeg"))
    return buffer.getvalue()


def test_a_file_arrives_whole_and_nothing_stays_beside(server, tmp_path):
    seen = []

    path = fetch(server.remote("a.bin", CONTENT), tmp_path, progress=lambda here, whole: seen.append((here, whole)))

    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]
    assert seen[-1] == (1_000_000, 1_000_000)


def test_a_file_that_is_there_with_the_right_hash_is_not_asked_for(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(CONTENT)

    fetch(server.remote("a.bin", CONTENT), tmp_path)

    assert server.asked == []


def test_a_file_of_the_same_name_with_other_content_is_kept_and_refused(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"mine")

    with pytest.raises(DataError, match=r"a\.bin is there with another content"):
        fetch(server.remote("a.bin", CONTENT), tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == b"mine"


def test_a_connection_that_breaks_is_taken_up_where_it_stopped(server, tmp_path):
    server.cut = [300_000]

    path = fetch(server.remote("a.bin", CONTENT), tmp_path)

    assert path.read_bytes() == CONTENT
    assert server.asked == [("/a.bin", None), ("/a.bin", "bytes=300000-")]


def test_a_server_that_breaks_again_and_again_leaves_a_part_that_the_next_call_goes_on_from(server, tmp_path):
    server.cut = [100_000, 100_000, 100_000]
    remote = server.remote("a.bin", CONTENT)

    with pytest.raises(DataError, match=r"cannot be had: it ended after 300000 of 1000000 bytes"):
        fetch(remote, tmp_path)
    assert (tmp_path / "a.bin.part").read_bytes() == CONTENT[:300_000]

    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == ("/a.bin", "bytes=300000-")


def test_a_server_that_ignores_range_starts_again(server, tmp_path):
    server.knows_range = False
    (tmp_path / "a.bin.part").write_bytes(b"x" * 1000)

    assert fetch(server.remote("a.bin", CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT)

    assert fetch(server.remote("a.bin", CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_starts_again(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT + b"more")

    assert fetch(server.remote("a.bin", CONTENT), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == ("/a.bin", None)


def test_wrong_bytes_are_refused_and_removed_and_the_next_call_starts_again(server, tmp_path):
    remote = server.remote("a.bin", CONTENT)
    server.files["a.bin"] = b"<html>sign in first</html>"

    with pytest.raises(DataError, match=r"a\.bin from .* has not the sha256") as caught:
        fetch(remote, tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []

    server.files["a.bin"] = CONTENT
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_file_is_found_out_by_the_hash(server, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(b"x" * 1000)

    with pytest.raises(DataError, match="has not the sha256"):
        fetch(server.remote("a.bin", CONTENT), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_address_without_a_file_is_a_data_error_in_one_line(server, tmp_path):
    with pytest.raises(DataError, match=r"none\.bin answers 404") as caught:
        fetch(Remote("none.bin", server.url + "none.bin", "0" * 64), tmp_path)
    assert "\n" not in str(caught.value)


def test_no_network_is_a_data_error_in_one_line(tmp_path, monkeypatch):
    monkeypatch.delenv("http_proxy", raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(DataError, match=r"cannot be had: .*refused") as caught:
        fetch(Remote("a.bin", f"http://127.0.0.1:{port}/a.bin", "0" * 64), tmp_path)
    assert "\n" not in str(caught.value)


def lfw(server, content, top="raw"):
    return {"pairs": server.remote("pairs.txt", PAIRS), top: server.remote("lfw.tgz", content)}


@pytest.mark.parametrize(("variant", "top"), [("raw", "lfw"), ("funneled", "lfw_funneled")])
def test_lfw_is_ready_to_be_opened(server, tmp_path, variant, top):
    root = get_lfw(tmp_path / "lfw", variant=variant, progress=None, files=lfw(server, archive(top=top), variant))

    data = Lfw.open(root, variant=variant)
    data.require_complete()
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith(".")) == [top, "pairs.txt"]


def test_lfw_that_is_there_is_not_asked_for_again(server, tmp_path):
    files = lfw(server, archive())
    get_lfw(tmp_path, files=files)
    asked = len(server.asked)

    get_lfw(tmp_path, files=files)

    assert len(server.asked) == asked == 2


def link(name, target):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


UNSAFE = {
    "above": ("lfw/Ann/Ann_0001.jpg", "../outside.txt"),
    "deep above": ("lfw/../../outside.txt",),
    "a link out": (link("lfw", "/etc"),),
    "through a link": (link("lfw", ".."), "lfw/outside.txt"),
}


@pytest.mark.parametrize("members", UNSAFE.values(), ids=UNSAFE)
def test_an_archive_that_reaches_outside_is_refused(server, tmp_path, members):
    folder = tmp_path / "in" / "lfw"

    with pytest.raises(DataError, match=r"lfw\.tgz cannot be unpacked"):
        get_lfw(folder, files=lfw(server, archive(*members)))
    assert not list(tmp_path.rglob("outside.txt"))
    assert not (folder / "lfw").exists()


def test_an_absolute_path_lands_inside_or_nowhere(server, tmp_path):
    outside = tmp_path / "outside.txt"

    get_lfw(tmp_path / "lfw", files=lfw(server, archive("lfw/Ann/Ann_0001.jpg", str(outside))))

    assert not outside.exists()


def test_an_archive_of_something_else_is_refused(server, tmp_path):
    with pytest.raises(DataError, match=r"lfw\.tgz holds no folder lfw"):
        get_lfw(tmp_path, files=lfw(server, archive("cats/1.jpg")))
    with pytest.raises(DataError, match=r"lfw\.tgz cannot be unpacked"):
        get_lfw(tmp_path / "b", files=lfw(server, b"no archive at all"))


def test_an_own_list_of_pairs_in_the_folder_is_never_replaced(server, tmp_path):
    (tmp_path / "pairs.txt").write_text("mine")

    with pytest.raises(DataError, match=r"pairs\.txt is there with another content"):
        get_lfw(tmp_path, files=lfw(server, archive()))
    assert (tmp_path / "pairs.txt").read_text() == "mine"


@pytest.mark.parametrize("variant", ["deepfunneled", "pairs", "Raw", ""])
def test_a_variant_without_an_address_is_a_config_error(tmp_path, variant):
    with pytest.raises(ConfigError, match=f"'{variant}' has no public address") as caught:
        get_lfw(tmp_path, variant=variant)
    assert "raw, funneled" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_a_data_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match="cannot be written"):
        get_lfw(tmp_path / "file" / "lfw")


def test_published_files_have_whole_hashes_and_secure_addresses():
    for remote in LFW_FILES.values():
        assert len(remote.sha256) == 64
        assert remote.url.startswith("https://")
