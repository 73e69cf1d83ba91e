import hashlib
import os

import pytest

from fsbench.data.frames import file_sha256
from fsbench.errors import ConfigError, WeightError
from fsbench.zoo import store
from fsbench.zoo.install import add_weight, remove_weight

ONNX, OTHER = b"\x08\x08" + bytes(5000), b"\x08\x07" + bytes(5000)


@pytest.fixture
def given(tmp_path):
    def write(content, name="download.onnx"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_a_file_given_by_hand_is_checked_and_stays_where_it_is(folder, known, given):
    source = given(ONNX)

    done = add_weight(known(content=ONNX), source)

    assert done.path.read_bytes() == source.read_bytes() == ONNX
    assert store.require("net") == done.path


@pytest.mark.parametrize(
    ("content", "problem"),
    [(ONNX[:-1], "too short: 5,001 bytes, wanted 5,002"), (ONNX + b"x", "too long"), (OTHER, "has sha256")],
)
def test_another_file_is_refused(folder, known, given, content, problem):
    with pytest.raises(WeightError, match=problem):
        add_weight(known(content=ONNX), given(content))
    assert store.state(known(content=ONNX)) == "missing"


def test_the_blob_id_of_git_and_the_start_of_a_hash_are_checks_too(folder, known, given):
    blob = hashlib.sha1(b"blob 5002\0" + ONNX).hexdigest()
    start = hashlib.sha256(ONNX).hexdigest()[:10]

    add_weight(known("blob", git_blob=blob), given(ONNX))
    add_weight(known("start", sha256_start=start, vouched="owner"), given(ONNX))

    with pytest.raises(WeightError, match="git blob"):
        add_weight(known("blob", git_blob=blob), given(OTHER))
    with pytest.raises(WeightError, match="has sha256"):
        add_weight(known("start", sha256_start=start, vouched="owner"), given(OTHER))


def test_without_a_published_hash_the_first_file_decides(folder, known, given):
    item = known()
    assert add_weight(item, given(ONNX)).pinned

    with pytest.raises(WeightError, match="was pinned to") as caught:
        add_weight(item, given(OTHER))
    assert "--forget" in caught.value.hint

    remove_weight(item)
    with pytest.raises(WeightError, match="was pinned to"):
        add_weight(item, given(OTHER))

    remove_weight(item, forget=True)
    assert add_weight(item, given(OTHER)).path.read_bytes() == OTHER


def test_a_file_put_into_the_folder_is_checked_and_pinned_when_it_is_needed(folder, known):
    known()
    (folder / "net").mkdir(parents=True)
    (folder / "net" / "net.onnx").write_bytes(ONNX)

    path = store.require("net")

    path.write_bytes(OTHER + b"longer")
    with pytest.raises(WeightError, match="has changed"):
        store.require("net")


def test_the_hash_is_computed_again_only_where_length_or_time_differ(folder, known, given, monkeypatch):
    path = add_weight(known(content=ONNX), given(ONNX)).path
    read = []
    monkeypatch.setattr(store, "file_sha256", lambda path: read.append(path) or file_sha256(path))

    store.require("net")
    assert store.known_sha256(path) == hashlib.sha256(ONNX).hexdigest()
    assert read == []

    os.utime(path, ns=(1, 1))
    store.require("net")
    store.require("net")
    assert read == [path]


def test_verify_reads_the_bytes_whatever_the_times_say(folder, known, given):
    path = add_weight(known(content=ONNX), given(ONNX)).path
    before = path.stat()
    path.write_bytes(OTHER)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(WeightError, match="has changed"):
        store.verify("net")


def test_a_damaged_lock_is_said_in_one_line(folder, known):
    known()
    folder.mkdir()
    (folder / "weights.lock").write_text("{")

    with pytest.raises(WeightError, match=r"weights\.lock cannot be read") as caught:
        store.require("net")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_a_config_error(folder, known, tmp_path):
    with pytest.raises(ConfigError, match="there is no file"):
        add_weight(known(), tmp_path / "none.onnx")


def test_what_does_not_belong_is_found(folder, known, given):
    add_weight(known(), given(ONNX))
    (folder / "net" / "else.onnx").write_bytes(b"x")

    assert list(store.strangers()) == [folder / "net" / "else.onnx"]
