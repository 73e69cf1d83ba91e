import argparse
import importlib
import json
import os
import pickle
import socket
import subprocess
import sys
import textwrap
import zipfile

import pytest
import torch

from fsbench.errors import WeightError
from fsbench.zoo import store
from fsbench.zoo.convert import convert
from fsbench.zoo.install import add_weight
from fsbench.zoo.tensors import load_state
from fsbench.zoo.unpickle import Dangerous, tensors_of

LEGACY = {"_use_new_zipfile_serialization": False}


def network():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))


STATE = network().state_dict()
PARALLEL = {f"module.{name}": tensor for name, tensor in STATE.items()}


def saved(folder, content, name="net.pth", **settings):
    torch.save(content, folder / name, **settings)
    return folder / name


def same(found, wanted=STATE):
    return found.keys() == wanted.keys() and all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("settings", [{}, LEGACY], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("content", "key"),
    [
        (STATE, ""),
        (PARALLEL, ""),
        ({"state_dict": PARALLEL, "epoch": 3}, ""),
        ({"model_state_dict": STATE}, ""),
        ({"net_recon": STATE, "opt_00": {"lr": 0.1}}, "net_recon"),
    ],
    ids=["plain", "DataParallel", "checkpoint", "6DRepNet", "Deep3D"],
)
def test_state_dicts_are_read_without_code_whatever_they_are_packed_in(tmp_path, content, key, settings):
    assert same(load_state(saved(tmp_path, content, **settings), key=key))


def test_a_checkpoint_without_the_key_names_what_it_has(tmp_path):
    with pytest.raises(WeightError, match="no state dict under 'net_recon'; it has net"):
        load_state(saved(tmp_path, {"net": STATE}), key="net_recon")


def test_more_than_tensors_is_refused_by_name(tmp_path):
    with pytest.raises(WeightError, match=r"holds more than tensors \(argparse\.Namespace\)"):
        load_state(saved(tmp_path, {"state_dict": STATE, "settings": argparse.Namespace(a=1)}))
    with pytest.raises(WeightError, match="holds more than tensors: epoch"):
        load_state(saved(tmp_path, {**STATE, "epoch": 3}))


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x02."], ids=["empty", "text", "stub"])
def test_a_damaged_file_is_said_in_one_line(tmp_path, content):
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(WeightError) as caught:
        load_state(tmp_path / "net.pth")
    assert "\n" not in str(caught.value)


def test_half_a_file_is_refused(tmp_path):
    path = saved(tmp_path, STATE)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(WeightError):
        load_state(path)


@pytest.mark.parametrize("settings", [{}, LEGACY], ids=["zip", "legacy"])
def test_a_whole_network_object_comes_out_as_its_state(tmp_path, settings):
    result = tmp_path / "net.safetensors"

    done = convert(saved(tmp_path, network(), **settings), result)

    assert same(load_state(result))
    assert done.tensors == len(STATE)
    assert done.left_out == ()


def test_settings_beside_the_tensors_are_left_out_and_listed_and_the_key_still_leads(tmp_path, folder, known):
    item = known("deep", "epoch_20.pth", state_key="net_recon")
    content = {"net_recon": PARALLEL, "opt": argparse.Namespace(lr=1), "epoch": 20}

    done = add_weight(item, saved(tmp_path, content))

    assert done.path == store.require("deep") == folder / "deep" / "epoch_20.safetensors"
    assert same(load_state(done.path, key="net_recon"))
    assert done.converted and "opt (argparse.Namespace)" in done.converted.left_out


class Calls:
    """A pickle that calls something when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


ATTACKS = {  # by the name that the second pickle protocol writes
    "posix.system": (lambda folder, _: Calls(os.system, f"touch {folder / 'ran'}"), {}),
    "posix.kill": (lambda *_: Calls(os.kill, os.getpid(), 0), LEGACY),
    "commands.Popen": (lambda folder, _: Calls(subprocess.Popen, ["touch", str(folder / "ran")]), {}),
    "socket.create_connection": (lambda _, place: Calls(socket.create_connection, place), LEGACY),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_code_in_a_pickle_is_refused_by_its_name_before_it_runs(tmp_path, name):
    make, settings = ATTACKS[name]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        path = saved(tmp_path, {"state_dict": STATE, "x": make(tmp_path, listener.getsockname())}, **settings)
        with pytest.raises(Dangerous, match=f"^{name}$"):
            tensors_of(path)
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not (tmp_path / "ran").exists()


def test_a_weight_with_code_in_it_neither_runs_nor_reaches_the_network_and_is_not_installed(tmp_path, folder, known):
    name = "socket.create_connection"
    make, settings = ATTACKS[name]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        content = {"state_dict": STATE, "x": make(tmp_path, listener.getsockname())}
        with pytest.raises(WeightError, match=f"is refused: it tries to run {name}"):
            add_weight(known(file="net.pth"), saved(tmp_path, content, **settings))
        listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert not (tmp_path / "ran").exists()
    assert not (folder / "net").exists()


def test_a_class_of_a_module_that_runs_code_when_imported_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Net:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    saved(tmp_path, {"w": torch.ones(2), "net": importlib.import_module("evil").Net()})
    (tmp_path / "ran").unlink()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    done = convert(tmp_path / "net.pth", tmp_path / "net.safetensors")

    assert done.left_out == ("net (evil.Net)",)
    assert not (tmp_path / "ran").exists()


def test_a_dotted_name_does_not_slip_past_the_list(tmp_path):
    content = b"\x80\x04\x8c\x0ctorch._utils\x8c\x15_rebuild_tensor.__doc__\x93."
    path = tmp_path / "net.pth"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("net/data.pkl", content)
        file.writestr("net/version", "3")
        file.writestr("net/byteorder", "little")
    with pytest.raises(WeightError, match=r"holds no tensors|cannot be read"):
        convert(path, tmp_path / "net.safetensors")


GUARDED = """
    import ctypes, json, os, socket, subprocess, sys
    from fsbench.zoo import guard
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()
    walls = guard.enter()
    def refused(attempt):
        try:
            attempt()
        except OSError:
            return True
        return False
    attempts = {
        "connect": lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1]))),
        "program": lambda: subprocess.run(["true"]),
        "shell": lambda: os.system("true"),
        "kill": lambda: os.kill(parent, 0),
        "write": lambda: open(sys.argv[2], "w"),
        "remove": lambda: os.remove(sys.argv[0]),
    }
    found = {name: refused(attempt) for name, attempt in attempts.items()}
    native = {"socket": libc.socket(2, 1, 0) < 0, "kill": libc.kill(parent, 0) < 0}
    native["trace"] = libc.ptrace(16, parent, 0, 0) < 0
    print(json.dumps([walls, found, native]))
"""


def test_behind_the_walls_nothing_of_the_machine_can_be_reached(tmp_path):
    script = tmp_path / "guarded.py"
    script.write_text(textwrap.dedent(GUARDED))
    listener = socket.create_server(("127.0.0.1", 0))

    done = subprocess.run(
        [sys.executable, str(script), str(listener.getsockname()[1]), str(tmp_path / "written")],
        capture_output=True,
        text=True,
        check=True,
    )

    listener.close()
    walls, found, native = json.loads(done.stdout)
    assert all(found.values()), found
    assert not (tmp_path / "written").exists()
    if walls == "the kernel (seccomp)":
        assert all(native.values()), native
    elif sys.platform == "linux":
        pytest.skip(f"no seccomp filter here: native code is kept in by {walls}, which it can pass by")


def test_a_pickle_that_is_no_torch_file_is_refused(tmp_path):
    (tmp_path / "net.pth").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(WeightError, match="is refused: it cannot be read"):
        convert(tmp_path / "net.pth", tmp_path / "net.safetensors")
    assert not (tmp_path / "net.safetensors").exists()
