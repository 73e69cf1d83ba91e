"""A study as its owner sees it: every command from create to analyse, raters through the real server."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path

import pytest
from studies import make_study

SIZES = ("--sets", "12", "--raters", "4", "--per-rater", "6")


@pytest.fixture(scope="module")
def study(cli, tmp_path_factory):
    folder = tmp_path_factory.mktemp("life") / "study"
    called = cli("userstudy", "create", "--data", "mini", "-o", folder, *SIZES)
    assert called.code == 0, called.stderr
    (folder.parent / "stdout").write_text(called.stdout)
    return folder


def test_create_tells_what_can_be_expected_and_gives_each_rater_a_link(study):
    said = (study.parent / "stdout").read_text()
    assert "(mini set): poisson, feather, video; 12 sets" in said
    assert re.search(r"Expected 95 % half-widths: \+-\d\.\d\d for a mean", said)
    assert len(re.findall(r"rater \d: http://127\.0\.0\.1:8501/join/[0-9a-f]{32}\n", said)) == 4
    assert "?PROLIFIC_PID=" in said


def test_a_rehearsal_through_the_real_server_stores_every_page_that_it_acknowledged(cli, study, tmp_path):
    out = tmp_path / "rehearsal"
    words = ("--raters", "3", "--mean", "poisson=1.5", "--mean", "feather=3", "--mean", "video=4.2", "--json")
    called = cli("userstudy", "simulate", study, "-o", out, *words)
    assert called.code == 0, called.stderr
    found = json.loads(called.stdout)
    pages = 3 + 6 + 3 + 2
    assert (found["finished"], found["pages"], found["scores"], found["errors"]) == (3, 3 * pages, 3 * pages * 9, [])
    analysed = cli("userstudy", "analyse", out, "--json")
    assert analysed.code == 0, analysed.stderr
    means = {
        line["name"]: line["value"]
        for line in json.loads(analysed.stdout)["numbers"]
        if line["statistic"] == "mean" and line["question"] == "realism" and line["selection"] == "all raters"
    }
    assert means["poisson"] < means["feather"] < means["video"]
    assert abs(means["poisson"] - 1.5) < 0.9 and abs(means["video"] - 4.2) < 0.9
    with sqlite3.connect(out / "study.sqlite") as database:
        assert database.execute(
            "SELECT count(*) FROM assignment WHERE state = 'done' AND shown_at < done_at"
        ).fetchone() == (3 * pages,)


def test_the_owner_s_commands_go_from_status_to_export(cli, study, tmp_path):
    out = tmp_path / "rehearsal"
    assert cli("userstudy", "simulate", study, "-o", out, "--through", "store", "--quitters", "1").code == 0
    status = cli("userstudy", "status", out)
    assert "1 active, 3 finished" in status.stdout and "score" not in status.stdout
    (quitter,) = [row["ordinal"] for row in json.loads(cli("userstudy", "status", out, "--json").stdout)["raters"]
                  if row["state"] == "active"]  # fmt: skip
    refused = cli("userstudy", "export", out, "-o", tmp_path / "early")
    assert refused.code == 2 and "is open: who looks at scores now" in refused.stderr
    assert f"try: fsbench userstudy close {out}, or --interim" in refused.stderr
    assert "8 pages given up" not in (released := cli("userstudy", "release", out)).stdout
    assert released.stdout == "nobody to release\n"  # they were here a moment ago
    assert "pages given up" in cli("userstudy", "release", out, "--rater", quitter).stdout
    extended = cli("userstudy", "extend", out, "--address", "https://study.example.org/")
    assert extended.code == 0 and "rater 5: https://study.example.org/join/" in extended.stdout
    excluded = cli("userstudy", "exclude", out, "5", "--reason", "a friend of the house")
    assert excluded.stdout == "rater 5 is left out: a friend of the house\n"
    assert cli("userstudy", "exclude", out, "9", "--reason", "x").stderr.startswith("fsbench: there is no rater 9\n")
    assert "scores deleted" in cli("userstudy", "withdraw", out, quitter).stdout
    assert cli("userstudy", "backup", out, "-o", tmp_path / "copy.sqlite").code == 0
    assert "closed with 18 of 28 main sets rated (64%)" in cli("userstudy", "close", out).stdout
    exported = cli("userstudy", "export", out, "-o", tmp_path / "out")
    assert exported.code == 0 and "rater 5 (0 main sets) are left out" in exported.stderr
    with (tmp_path / "out" / "raters.csv").open() as lines:
        states = [row["state"] for row in csv.DictReader(lines)]
    assert sorted(states) == ["excluded", "finished", "finished", "finished", "withdrawn"]
    assert cli("userstudy", "analyse", tmp_path / "out").code == 0


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("create", "-o", "{tmp}/x"), "no run is named", "--data mini"),
        (("create", "{tmp}", "-o", "{tmp}/x"), "no finished run in", "fsbench run"),
        (("status", "{tmp}"), "holds no study", "fsbench userstudy create RUN... -o STUDY"),
        (("simulate", "{tmp}", "-o", "{tmp}/x"), "holds no study", "fsbench userstudy create"),
        (("withdraw", "{study}"), "one rater is withdrawn at a time", "fsbench userstudy withdraw STUDY NUMBER"),
        (("export", "{study}", "-o", "{tmp}/x"), "has no vote yet", "fsbench userstudy status"),
        (("status", "{study}", "--store", "mysql://x/y"), "cannot be kept in 'mysql'", "--store postgresql+psycopg"),
    ],
)
def test_mistakes_are_one_line_and_a_hint(cli, study, tmp_path, words, message, hint):
    called = cli("userstudy", *(word.format(tmp=tmp_path, study=study) for word in words))
    assert called.code == 2 and called.stdout == ""
    first, *_, last = called.stderr.splitlines()
    assert message in first and hint in last


def test_a_server_that_cannot_start_is_one_line(cli, tmp_path: Path):
    made = make_study(tmp_path / "noise")
    spec = json.loads(made.spec.text())
    (made.folder / "study.json").write_text(json.dumps({**spec, "completion_url": "javascript:alert(1)"}))
    called = cli("userstudy", "simulate", made.folder, "-o", tmp_path / "rehearsal")
    assert called.code == 2 and "did not start" in called.stderr and "completion_url" in called.stderr
