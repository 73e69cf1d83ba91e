"""What is wrong with one run costs one line, whatever the command, and the others still render."""

import json
import sys

import pytest

from fsbench.cli.main import main

COMMANDS = {
    "report": lambda out: ["--out", out],
    "figures": lambda out: ["--out", out],
    "leaderboard": lambda out: ["--out", out],
}


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["fsbench", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run


@pytest.fixture
def good(write_run, measure):
    return write_run("good", measure("pose_error", 2.5), samples={"pose_error": [1.0, 2.0, 3.0, 4.0]})


@pytest.fixture
def bad(write_run, measure):
    return write_run(
        "bad",
        measure("pose_error", 2.5),
        samples={"pose_error": [1.0, 2.0, 3.0, 4.0], "result": ["swaps/a.png", None, None, None]},
    )


def no_run(folder, break_result):
    (folder / "result.json").unlink()
    return "holds no run folder"


def truncated(folder, break_result):
    break_result(folder, keep=200)
    return "result.json cannot be read"


def edited(folder, break_result):
    content = json.loads((folder / "result.json").read_text())
    content["measurements"][0]["value"] = 0.5
    break_result(folder, measurements=content["measurements"])
    return "one of them was changed after the run, so it is left out"


def from_the_future(folder, break_result):
    break_result(folder, schema_version=99)
    return "has schema 99, this fsbench knows up to 1"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", [no_run, truncated, edited, from_the_future])
def test_a_broken_run_costs_one_line_and_the_others_render(call, good, bad, break_result, damage, command, tmp_path):
    line = damage(bad, break_result)
    code, _, err = call(command, good, bad, *COMMANDS[command](tmp_path / "out"))
    assert code == 0
    lines = [text for text in err.splitlines() if text.startswith("fsbench: ")]
    assert len(lines) == 1 and line in lines[0]
    pages = [*(tmp_path / "out").rglob("*.html"), *(tmp_path / "out").rglob("*.md")]
    assert pages and any("good" in page.read_text() for page in pages)
    assert "Traceback" not in err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", [no_run, truncated, edited, from_the_future])
def test_a_broken_run_alone_is_an_error(call, bad, break_result, damage, command, tmp_path):
    line = damage(bad, break_result)
    code, out, err = call(command, bad, *COMMANDS[command](tmp_path / "out"))
    assert (code, out) == (2, "")
    assert line in err and "try: " in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_picture_that_is_gone_costs_a_line_and_no_number(call, good, bad, command, tmp_path):
    code, _, err = call(command, good, bad, *COMMANDS[command](tmp_path / "out"))
    assert code == 0
    assert "1 of 1 pictures that samples.parquet names are gone, such as swaps/a.png" in err
    if command == "report":
        assert "bad" in (tmp_path / "out" / "report.md").read_text()


def test_runs_of_two_protocols_get_two_tables_and_the_reason(call, good, write_run, measure):
    other = write_run("other", measure("lfw_cosine_mean", 0.5), config={"protocol": "lfw"})
    code, out, err = call("report", good, other)
    assert (code, err) == (0, "")
    assert "Not comparable with the first table; what differs: protocol (ff++ version 1 / lfw version 1)" in out


@pytest.mark.parametrize("command", ["report", "leaderboard"])
def test_names_with_markup_stay_names_in_every_page(call, write_run, measure, command, tmp_path):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    samples = {"key": [evil, "b", "c", "d"], "target_id": [evil, "u", "u", "u"], "pose_error": [1.0, 2.0, 3.0, 4.0]}
    run = write_run(evil, measure("pose_error", 2.5), samples=samples, failures=[(evil, "swap", evil)])
    write_run("b", measure("pose_error", 2.5), samples={"pose_error": [1.0, 2.0, 3.0, 4.0]})
    assert call(command, run.parents[2], *COMMANDS[command](tmp_path / "out"))[0] == 0
    for page in (tmp_path / "out").rglob("*.html"):
        text = page.read_text()
        assert "<script>alert" not in text and "<img src=x" not in text
        assert "&lt;script&gt;alert(1)" in text or "b-" in page.name
