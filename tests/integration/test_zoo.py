"""The weights as users meet them: at the command line."""

import hashlib
import json

import pytest


@pytest.fixture
def fsbench(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("FSBENCH_WEIGHTS", str(tmp_path / "weights"))
    return cli


def test_the_life_of_a_weight_that_nobody_publishes_a_hash_of(fsbench, tmp_path):
    import torch

    one, other = tmp_path / "one.pkl", tmp_path / "other.pkl"
    torch.save({"w": torch.ones(3)}, one)
    torch.save({"w": torch.zeros(3)}, other)

    assert fsbench("zoo", "path", "hopenet-alpha1").stderr.splitlines() == [
        "fsbench: the weight 'hopenet-alpha1' (pose: Hopenet, alpha 1) is not there",
        "  try: fsbench zoo fetch hopenet-alpha1",
    ]
    added = fsbench("zoo", "add", "hopenet-alpha1", one)
    assert added.code == 0
    assert hashlib.sha256(one.read_bytes()).hexdigest() in added.stderr
    place = added.stdout.strip()
    assert fsbench("zoo", "path", "hopenet-alpha1").stdout.strip() == place
    assert fsbench("zoo", "verify").stdout == "ok     hopenet-alpha1\n"

    refused = fsbench("zoo", "add", "hopenet-alpha1", other)
    assert refused.code == 2
    assert "was pinned to" in refused.stderr

    with open(place, "ab") as file:
        file.write(b"x")
    wrong = fsbench("zoo", "verify")
    assert wrong.code == 1
    assert wrong.stdout.startswith("WRONG  hopenet-alpha1")
    assert fsbench("zoo", "path", "hopenet-alpha1").code == 2

    fsbench("zoo", "remove", "hopenet-alpha1", "--forget")
    assert fsbench("zoo", "add", "hopenet-alpha1", other).code == 0


def test_a_licence_is_shown_and_refused_in_two_lines(fsbench):
    done = fsbench("zoo", "fetch", "scrfd-10g")

    assert done.code == 2
    assert done.stderr.splitlines() == [
        "scrfd-10g: InsightFace: code MIT, weights for non-commercial research only "
        "(https://github.com/deepinsight/insightface/tree/master/detection/scrfd)",
        "fsbench: the licence of scrfd-10g forbids commercial use and was not accepted yet",
        "  try: the same command with --accept-licence, if your use is allowed",
    ]


def test_lists_are_for_people_and_programs(fsbench):
    rows = json.loads(fsbench("zoo", "list", "--suite", "paper", "--json").stdout)
    assert {"name", "state", "licence", "sha256", "urls", "get"} <= set(rows[0])
    assert {row["state"] for row in rows} == {"missing"}

    shown = fsbench("zoo", "show", "cosface-acc9928").stdout
    assert "69e6" in shown and "vouched:        one" in shown


def test_doctor_tells_which_suites_have_their_weights(fsbench):
    lines = fsbench("doctor").stdout
    assert "not yet paper: 0 of" in lines
    assert "fsbench zoo fetch --suite paper --accept-licence" in lines
    assert "cosface-acc9928: fsbench zoo show cosface-acc9928" in lines


def test_a_swapper_that_trained_with_the_judge_is_warned_about_in_the_table(fsbench, tmp_path):
    swapper = "from fsbench.adapters.controls import CopyTarget\n\n\nclass Trained(CopyTarget):\n"
    swapper += '    name = "trained"\n    is_control = False\n    trained_with = ("dlib-resnet",)\n'
    (tmp_path / "mine.py").write_text(swapper)
    judge = "from fsbench.evaluators.identity import DlibResNet\n\n\nclass Judge(DlibResNet):\n"
    (tmp_path / "judge.py").write_text(judge + '    name = "judge"\n    for_training = True\n')
    words = ["run", "ff++", "--data", "mini", "--limit", "2", "--swapper", f"{tmp_path / 'mine.py'}:Trained"]
    words += ["--no-controls", "--out", tmp_path / "runs"]

    warned = fsbench(*words, "--swapper", "landmark", "--json")
    by_label = {row["swapper"]["label"]: row for row in json.loads(warned.stdout)}
    assert [found["kind"] for found in by_label["trained"]["overlaps"]] == ["same family"]
    assert [found["kind"] for found in by_label["landmark"]["overlaps"]] == ["none"]
    assert any("trained was made with a network of the family" in line for line in by_label["trained"]["warnings"])

    refused = fsbench(*words, "--evaluator", f"identity={tmp_path / 'judge.py'}:Judge")
    assert refused.code == 2
    assert "it would mark its own work" in refused.stderr
    allowed = fsbench(*words, "--evaluator", f"identity={tmp_path / 'judge.py'}:Judge", "--allow-overlap")
    assert "Identity networks beside dlib-resnet, which measures identity: same family: trained" in allowed.stdout
