import hashlib
import io
import tarfile
import zipfile

import pytest

from fsbench.data import transfer
from fsbench.errors import ConfigError, DependencyError, WeightError
from fsbench.zoo import store
from fsbench.zoo.install import accept_licences, fetch_weights

ONNX = b"\x08\x08" + bytes(range(256)) * 2000


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def tarred(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def left(folder):
    """What is in the folder besides weights and the lock."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name not in (".fsbench.lock", "weights.lock")]


def test_a_weight_arrives_is_remembered_and_is_not_asked_for_again(server, folder, known):
    server.files["net.onnx"] = ONNX
    item = known(content=ONNX, urls=[server.url + "net.onnx"])

    (done,) = fetch_weights([item])
    fetch_weights([item])

    assert store.require("net") == done.path == folder / "net" / "net.onnx"
    assert done.path.read_bytes() == ONNX
    assert left(folder) == [done.path]
    assert len(server.asked) == 1
    assert not done.pinned


def test_a_broken_connection_is_taken_up_where_it_stopped(server, folder, known):
    server.files["net.onnx"], server.cut = ONNX, [100_000]

    fetch_weights([known(content=ONNX, urls=[server.url + "net.onnx"])])

    assert server.asked == [("net.onnx", None), ("net.onnx", "bytes=100000-")]
    assert store.require("net").read_bytes() == ONNX


def test_a_server_that_falls_silent_is_left_and_asked_again(server, folder, known, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUT_SECONDS", 0.5)
    server.files["net.onnx"], server.stall = ONNX, [5]

    fetch_weights([known(content=ONNX, urls=[server.url + "net.onnx"])])

    assert store.require("net").read_bytes() == ONNX
    assert server.asked[1][1].startswith("bytes=")


def test_the_next_command_goes_on_where_the_last_one_gave_up(server, folder, known):
    server.files["net.onnx"], server.cut = ONNX, [50_000] * 3
    item = known(content=ONNX, urls=[server.url + "net.onnx"])
    with pytest.raises(WeightError, match="ended after 150000 of 512002 bytes"):
        fetch_weights([item])

    fetch_weights([item])

    assert server.asked[-1] == ("net.onnx", "bytes=150000-")
    assert store.require("net").read_bytes() == ONNX


def test_a_file_that_changed_between_two_tries_is_not_patched_together(server, folder, known):
    other = b"\x08\x07" + bytes(510_000)
    server.files["net.onnx"], server.cut = ONNX, [50_000] * 3
    item = known(urls=[server.url + "net.onnx"])
    with pytest.raises(WeightError):
        fetch_weights([item])
    server.files["net.onnx"] = other

    fetch_weights([item])

    assert store.require("net").read_bytes() == other


def test_a_redirect_is_followed(server, folder, known):
    server.files["elsewhere"], server.moved = ONNX, {"net.onnx": "/elsewhere"}

    fetch_weights([known(content=ONNX, urls=[server.url + "net.onnx"])])

    assert [name for name, _ in server.asked] == ["net.onnx", "elsewhere"]


def test_a_redirect_away_from_https_is_refused():
    import urllib.request

    from fsbench.errors import DataError

    request = urllib.request.Request("https://a.example/net.onnx")
    with pytest.raises(DataError, match="which is not https"):
        transfer._NoDowngrade().redirect_request(request, None, 302, "", {}, "http://a.example/net.onnx")


def test_wrong_bytes_are_refused_and_the_next_address_is_tried(server, folder, known):
    wrong = ONNX[:-1] + b"x"
    server.files = {"bad.onnx": wrong, "good.onnx": ONNX}
    said = []

    fetch_weights([known(content=ONNX, urls=[server.url + "bad.onnx", server.url + "good.onnx"])], notify=said.append)

    assert store.require("net").read_bytes() == ONNX
    assert any("has not the sha256" in line for line in said)


def test_when_no_address_has_it_one_line_names_them_all_and_nothing_stays(server, folder, known):
    server.files = {"bad.onnx": ONNX[:-1] + b"x", "short.onnx": ONNX[:1000]}
    urls = [server.url + name for name in ("bad.onnx", "short.onnx", "none.onnx")]

    with pytest.raises(WeightError) as caught:
        fetch_weights([known(content=ONNX, urls=urls)])

    text = str(caught.value)
    assert "has not the sha256" in text and "1,000 bytes" in text and "404" in text
    assert "\n" not in text
    assert "fsbench zoo show net" in caught.value.hint
    assert left(folder) == []


def test_a_web_page_is_refused_even_where_nobody_knows_the_hash(server, folder, known):
    server.files = {"page": b"<!DOCTYPE html><p>sign in", "typed": b"sign in"}
    server.types = {"typed": "text/html; charset=utf-8"}

    with pytest.raises(WeightError, match="is a web page, not a weight"):
        fetch_weights([known(urls=[server.url + "page"])])
    with pytest.raises(WeightError, match="answers with a web page"):
        fetch_weights([known(urls=[server.url + "typed"])])
    assert left(folder) == []


def test_an_archive_for_two_weights_comes_once(server, folder, known):
    content = zipped({"pack/one.onnx": ONNX, "pack/two.onnx": ONNX + b"2"})
    server.files["pack.zip"] = content
    place = {"url": server.url + "pack.zip", "sha256": hashlib.sha256(content).hexdigest()}
    one = known("one", "one.onnx", content=ONNX, urls=[{**place, "member": "one.onnx"}])
    two = known("two", "two.onnx", content=ONNX + b"2", urls=[{**place, "member": "two.onnx"}])

    fetch_weights([one, two])

    assert len(server.asked) == 1
    assert store.require("two").read_bytes() == ONNX + b"2"
    assert sorted(path.name for path in left(folder)) == ["one.onnx", "two.onnx"]


UNSAFE = {
    "above": "../net.onnx",
    "deep above": "a/../../net.onnx",
    "absolute": "/tmp/net.onnx",
    "windows": "..\\net.onnx",
}


@pytest.mark.parametrize("name", UNSAFE.values(), ids=UNSAFE)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_with_a_path_that_leads_outside_is_refused_whole(server, folder, known, pack, name):
    server.files["pack"] = pack({"net.onnx": ONNX, name: b"evil"})

    with pytest.raises(WeightError, match="leads outside of the archive"):
        fetch_weights([known(content=ONNX, urls=[{"url": server.url + "pack", "member": "net.onnx"}])])
    assert left(folder) == []
    assert not (folder.parent / "net.onnx").exists()


BROKEN = {
    "cut": (tarred({"net.onnx": ONNX})[:-500], "damaged archive"),
    "bytes turned over": (zipped({"net.onnx": ONNX}).replace(b"\x40\x41\x42", b"\x40\x40\x40", 1), "damaged archive"),
    "no archive": (b"nothing of the kind" * 99, "is too short"),
    "without it": (zipped({"other.onnx": ONNX}), r"holds no net\.onnx; it holds other\.onnx"),
    "twice": (zipped({"a/net.onnx": ONNX, "b/net.onnx": ONNX}), r"holds 2 files called net\.onnx"),
}


@pytest.mark.parametrize(("content", "problem"), BROKEN.values(), ids=BROKEN)
def test_an_archive_that_cannot_be_read_or_lacks_the_file_is_refused(server, folder, known, content, problem):
    server.files["pack.zip"] = content

    with pytest.raises(WeightError, match=problem):
        fetch_weights([known(content=ONNX, urls=[{"url": server.url + "pack.zip", "member": "net.onnx"}])])
    assert left(folder) == []


def test_a_licence_that_forbids_commercial_use_is_shown_and_accepted_once(folder, known):
    item = known(content=ONNX, non_commercial=True, licence="research only")
    said = []

    with pytest.raises(ConfigError, match="the licence of net forbids commercial use") as caught:
        accept_licences([item], accepted=False, notify=said.append)
    assert said == ["net: research only"]
    assert "--accept-licence" in caught.value.hint

    accept_licences([item], accepted=True, notify=said.append)
    accept_licences([item], accepted=False, notify=said.append)
    assert len(said) == 2

    changed = known(content=ONNX, non_commercial=True, licence="research only, and no Tuesdays")
    with pytest.raises(ConfigError):
        accept_licences([changed], accepted=False, notify=said.append)


def test_what_is_not_there_is_a_dependency_error_with_the_command(folder, known):
    known(content=ONNX, urls=["http://127.0.0.1:9/net.onnx"], non_commercial=True)
    known("hand", content=ONNX)

    with pytest.raises(DependencyError, match="'net'") as caught:
        store.require("net")
    assert caught.value.hint == "fsbench zoo fetch net --accept-licence"
    with pytest.raises(DependencyError) as caught:
        store.require("hand")
    assert caught.value.hint.endswith("fsbench zoo add hand FILE")
