"""What users read: common mistakes, exit codes, and what goes to stdout and what to stderr."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import fsbench
from fsbench import content_credentials
from fsbench.data.frames import png_bytes, read_rgb
from tests.integration.conftest import REPORT_FORMATS, Called, Cli

CHOICES = (
    "failures, alignment, flip, fid_region, frames, sampling, source_frame, source_fallback, gallery, hit, "
    "similarity, pose_reduce, expression_reduce, fid_reference"
)
LAYOUT = "wanted original_sequences/youtube/<raw|c23|c40>/<videos|images>"


def shipped(package: str, file: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / file


ASTRONAUT, TABLE = shipped("skimage", "data/astronaut.png"), shipped("insightface", "data/images/t1.jpg")


def complaint(done: Called) -> str:
    """Give what stderr holds besides the settings, which a run shows before it checks them."""
    return re.sub(r"\A# settings .*?(?=^fsbench: |\Z)", "", done.stderr, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of things that are not what they should be."""
    root = tmp_path_factory.mktemp("place")
    (root / "file").write_text("no folder")
    (root / "empty").mkdir()
    for compression in ("c23", "c40"):
        videos = root / f"two/original_sequences/youtube/{compression}/videos"
        videos.mkdir(parents=True)
        (videos / "000.mp4").write_bytes(b"")
    (root / "one").mkdir()
    (root / "one/pairs.txt").write_text("1\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\n")
    (root / "one/lfw").mkdir()
    (root / "broken.toml").write_text("limit = = 3")
    (root / "unknown.toml").write_text('swaper = "landmark"\n')
    (root / "few.toml").write_text("limit = 3\nswappers = [{name = 'copy-source'}]\n")
    (root / "plugin.py").write_text("class NoSwapper:\n    pass\n")
    (root / "syntax.py").write_text("class Broken(:\n")
    (root / "needs.py").write_text("\nimport a_package_that_is_not_there\n")
    (root / "blank.png").write_bytes(png_bytes(np.full((200, 200, 3), 90, np.uint8)))
    (root / "persons.json").write_text('{"000": "ann"}')
    return root


RUN_MISTAKES = [
    ("ff+ --data {mini}", "no protocol is called 'ff+'; did you mean 'ff++'?", "fsbench list protocols"),
    (
        "ff++ --data {mini} --swapper landmrk",
        "no swapper is called 'landmrk'; did you mean 'landmark'?",
        "fsbench list swappers",
    ),
    (
        "ff++ --data {mini} --swapper simswap_2",
        "no swapper is called 'simswap_2'; did you mean 'simswap_256'?",
        "fsbench list swappers",
    ),
    ("ff++ --data {mini} --swapper ffpp", "'ffpp' needs a method", "--swapper ffpp:FaceSwap"),
    (
        "ff++ --data {mini} --swapper ffpp:Faceswap",
        "{mini}/manipulated_sequences has no method 'Faceswap'; did you mean 'FaceSwap'?",
        "one of: FaceSwap",
    ),
    (
        "lfw --data {mini} --preset casia",
        "preset 'casia' does not define lfw; those that do: mobilefsgan",
        "--preset mobilefsgan",
    ),
    (
        "ff++ --data {mini} --evaluator pose=landmarks68",
        "'landmarks68' measures expression, not pose",
        "fsbench list evaluators",
    ),
    (
        "ff++ --data {mini} --evaluator posture=pnp68",
        "no role is called 'posture'; known: detect, identity, identity2, pose, expression, gaze, distribution",
        "--evaluator role=name",
    ),
    ("ff++ --data {mini} --evaluator pose", "--evaluator pose: wanted key=value", "--evaluator key=value"),
    (
        "ff++ --data {mini} --set galery=all_frames",
        "--set: no setting is called 'galery'",
        f"choices of ff++: {CHOICES}",
    ),
    (
        "ff++ --data {mini} --set gallery=all",
        "--set: 'gallery' is 'all': input should be 'all_frames', 'first_frame' or 'source_frames'",
        f"choices of ff++: {CHOICES}",
    ),
    ("ff++ --data {mini} --set gallery", "--set gallery: wanted key=value", "--set key=value"),
    ("ff++", "--data is missing", "--data FOLDER, or --data mini for a first try"),
    ("ff++ --data {place}/gone", "the data folder {place}/gone is not there", "--data FOLDER, or --data mini"),
    ("ff++ --data {place}/empty", "{place}/empty holds no original_sequences folder", LAYOUT),
    (
        "ff++ --data {place}/two",
        "{place}/two/original_sequences/youtube holds c23, c40: say which",
        "--compression c23",
    ),
    (
        "ff++ --data {place}/two --compression c40",
        "{place}/two holds 1 of 1000 original videos; missing 001, 002, 003 ...",
        "fsbench data check ff++ --data {place}/two",
    ),
    (
        "ff++ --data {mini} --compression c40",
        "{mini}/original_sequences/youtube holds c23, not c40",
        "--compression c23",
    ),
    (
        "ff++ --data {mini} --compression c41",
        "'compression' is 'c41': input should be '', 'raw', 'c0', 'c23' or 'c40'",
        "fsbench run --help",
    ),
    (
        "lfw --data {place}/one",
        "{place}/one holds 0 of 3 pictures that pairs.txt names; missing Ann_0001.jpg, Ann_0002.jpg, Bob_0001.jpg",
        "fsbench data check lfw --data {place}/one",
    ),
    ("lfw --data {place}/one --variant funneled", "{place}/one holds raw, not funneled", "--variant raw"),
    (
        "ff++ --data {mini} --swapper landmark --swapper-arg blur=3",
        "Landmark: no setting is called 'blur'",
        "settings of Landmark: blend",
    ),
    (
        "ff++ --data {mini} --swapper landmark --swapper-arg blend",
        "--swapper-arg blend: wanted key=value",
        "--swapper-arg key=value",
    ),
    (
        "ff++ --data {mini} --swapper landmark --swapper copy-source --swapper-arg blend=none",
        "--swapper-arg blend: it does not say which swapper it is for",
        "--swapper-arg SWAPPER.blend=none",
    ),
    (
        "ff++ --data {mini} --swapper landmark --swapper-arg other.blend=none",
        "--swapper-arg other.blend: 'other' is no swapper of this run",
        "--swapper-arg SWAPPER.blend=none",
    ),
    ("ff++ --config {place}/gone.toml", "there is no settings file {place}/gone.toml", "--config FILE.toml"),
    (
        "ff++ --config {place}/broken.toml",
        "{place}/broken.toml cannot be read: Invalid value (at line 1, column 9)",
        "--config FILE.toml",
    ),
    ("ff++ --config {place}/unknown.toml", "no setting is called 'swaper'", "fsbench run --help"),
    (
        "ff++ --data {mini} --limit 0",
        "'limit' is 0: input should be greater than or equal to 1",
        "fsbench run --help",
    ),
    (
        "ff++ --data {mini} --limt 3",
        "No such option: --limt (Possible options: --limit, --split, --suite)",
        "fsbench run --help",
    ),
    ("", "'protocol' is missing", "fsbench run --help"),
    (
        "ff++ --data {mini} --set hit=person",
        "hit=person needs to know who is in which video",
        "--persons FILE, a JSON object from video id to person",
    ),
    (
        "ff++ --data {mini} --set hit=person --persons {place}/persons.json",
        "{place}/persons.json lacks 5 videos, such as 001, 002, 003",
        "--persons FILE, a JSON object from video id to person",
    ),
    (
        "ff++ --data {mini} --swapper {place}/plugin.py:Missing",
        "{place}/plugin.py holds no class called 'Missing'",
        "path/to/file.py:Class",
    ),
    (
        "ff++ --data {mini} --swapper {place}/plugin.py:NoSwapper",
        "{place}/plugin.py:NoSwapper is no Swapper",
        "derive it from fsbench.interfaces.Swapper",
    ),
    (
        "ff++ --data {mini} --swapper {place}/syntax.py:Broken",
        "syntax.py cannot be imported: SyntaxError in line 1: invalid syntax (syntax.py, line 1)",
        "python {place}/syntax.py",
    ),
    (
        "ff++ --data {mini} --swapper {place}/needs.py:Mine",
        "needs.py cannot be imported: ModuleNotFoundError in line 2: No module named 'a_package_that_is_not_there'",
        "python {place}/needs.py",
    ),
    (
        "ff++ --data {mini} --evaluator pose={place}/gone.py:Mine",
        "'{place}/gone.py' is no file",
        "path/to/file.py:Class",
    ),
    (
        "ff++ --data {mini} --swapper-arg blend=none",
        "--swapper-arg blend=none: no --swapper is named",
        "--swapper NAME",
    ),
    ("fid --real {place}/empty", "--swapped is missing", "fsbench run fid --real DIR --swapped DIR"),
    (
        "fid --real {place}/gone --swapped {place}/empty",
        "the folder {place}/gone is not there",
        "fsbench run fid --real DIR --swapped DIR",
    ),
]
OTHER_MISTAKES = [
    ("swap {astronaut} {place}/gone.png -o {place}/o.png", None, "name a picture file"),
    (
        "swap {astronaut} {place}/blank.png -o {place}/o.png",
        "{place}/blank.png shows no face that dlib HOG + 68 points finds",
        "a picture with a clear face",
    ),
    (
        "swap {astronaut} {astronaut} -o {place}/o.jpg",
        "{place}/o.jpg is no .png: only PNG keeps every pixel and the mark",
        "-o {place}/o.png",
    ),
    (
        "swap {astronaut} {astronaut} --face 2 -o {place}/o.png",
        "{astronaut} shows 1 face(s), wanted number 2",
        "--face 1",
    ),
    ("swap {astronaut} {astronaut} --swapper landmrk -o {place}/o.png", None, "fsbench list swappers"),
    ("swap {astronaut} {astronaut}", "Missing option '--out' / '-o'.", "fsbench swap --help"),
    (
        "report {place}/empty",
        "no finished run in {place}/empty\n  {place}/empty holds no run folder",
        "fsbench run ... --out runs",
    ),
    (
        "report {place}/gone",
        "no finished run in {place}/gone\n  {place}/gone is not there",
        "fsbench run ... --out runs",
    ),
    ("data check ff+ --data mini", "no protocol is called 'ff+'; did you mean 'ff++'?", "fsbench list protocols"),
    (
        "data check fid --data mini",
        "'fid' takes any folders of pictures",
        "fsbench data check ff++|lfw --data D",
    ),
    (
        "data get ff++ {place}/d",
        "'ff++' cannot be fetched; known: lfw, mini",
        "fsbench data get lfw FOLDER; FaceForensics++ is given out by its authors on request",
    ),
    (
        "list swapper",
        "nothing is called 'swapper'; known: swappers, evaluators, protocols, presets, suites, published",
        "fsbench list swappers",
    ),
    ("check landmrk", "no swapper is called 'landmrk'; did you mean 'landmark'?", "fsbench list swappers"),
    ("check {place}/gone.py:Mine", "'{place}/gone.py' is no file", None),
    ("sawp", "No such command 'sawp'. Did you mean 'swap'?", "fsbench --help"),
]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [*((f"run {words} --out {{place}}/out", *rest) for words, *rest in RUN_MISTAKES), *OTHER_MISTAKES],
)
def test_a_mistake_is_one_message_and_one_hint_on_stderr(
    cli: Cli, mini: Path, place: Path, words: str, message: str | None, hint: str | None
) -> None:
    names = {"mini": mini, "place": place, "astronaut": ASTRONAUT}
    done = cli(*words.format(**names).split())
    found = complaint(done)
    assert (done.code, done.stdout) == (2, "")
    assert re.fullmatch(r"fsbench: .+\n(  .+\n)?  try: .+\n", found), found
    if message is not None:
        assert found.startswith(f"fsbench: {message.format(**names)}\n")
    if hint is not None:
        assert found.endswith(f"\n  try: {hint.format(**names)}\n")
    if message is not None and hint is not None:
        assert found == f"fsbench: {message.format(**names)}\n  try: {hint.format(**names)}\n"
    assert not (place / "o.png").exists()


@pytest.mark.parametrize(
    ("words", "start", "kind"),
    [
        ("--preset mobilefsgam", "no preset is called 'mobilefsgam'; known: mobilefsgan, ", "presets"),
        ("--suite onlin", "no suite is called 'onlin'; known: offline", "suites"),
        ("--evaluator pose=hope", "no evaluator is called 'hope'", "evaluators"),
        ("--evaluator identity=pnp68", "", ""),
        ("--evaluator detect=pnp68", "", ""),
    ],
)
def test_a_wrong_name_shows_where_the_right_ones_are_listed(
    cli: Cli, mini: Path, tmp_path: Path, words: str, start: str, kind: str
) -> None:
    done = cli("run", "ff++", "--data", mini, *words.split(), "--out", tmp_path)
    found = complaint(done)
    assert done.code == 2
    assert re.fullmatch(r"fsbench: .+\n  try: .+\n", found), found
    assert found.startswith(f"fsbench: {start}")
    assert found.endswith(f"\n  try: fsbench list {kind}\n") or not kind


@pytest.mark.parametrize(("below", "why"), [("", "File exists"), ("/deeper", "Not a directory")])
def test_an_output_folder_that_cannot_be_is_found_before_the_work(
    cli: Cli, mini: Path, place: Path, below: str, why: str
) -> None:
    out = f"{place / 'file'}{below}"
    done = cli("run", "ff++", "--data", mini, "--out", out)
    assert done.code == 2
    assert complaint(done) == f"fsbench: the output folder {out} cannot be made: {why}\n  try: --out FOLDER\n"


def test_the_version_is_printed(cli: Cli) -> None:
    assert cli("--version") == Called(0, f"fsbench {fsbench.__version__}\n", "")


def test_without_a_command_the_help_is_shown(cli: Cli) -> None:
    done = cli()
    assert done.code == 0
    assert all(command in done.stdout for command in ("run", "swap", "list", "check", "doctor", "report", "data"))


def test_help_is_no_error(cli: Cli) -> None:
    done = cli("run", "--help")
    assert (done.code, done.stderr) == (0, "")
    assert "--dry-run" in done.stdout


@pytest.mark.parametrize("kind", ["swappers", "evaluators", "protocols", "presets", "suites"])
def test_every_kind_of_name_is_listed_with_a_line_on_each(cli: Cli, kind: str) -> None:
    done = cli("list", kind)
    assert (done.code, done.stderr) == (0, "")
    assert all(re.fullmatch(r"\S+ {2,}\S.*", line) for line in done.stdout.splitlines())
    first = {
        "swappers": "copy-target",
        "evaluators": "dlib",
        "protocols": "ff++",
        "presets": "mobilefsgan",
        "suites": "offline",
    }
    assert first[kind] in done.stdout


def test_a_dry_run_writes_the_pairs_and_swaps_nothing(cli: Cli, mini: Path, tmp_path: Path) -> None:
    done = cli("run", "ff++", "--data", mini, "--dry-run", "--limit", "3", "--out", tmp_path / "out")
    file = tmp_path / "out/ff++/planned_pairs.csv"
    assert (done.code, complaint(done)) == (0, "")
    assert done.stdout == f"3 swaps planned, 0 cannot be named\npair list: {file}\n"
    assert file.read_text().splitlines() == [
        "key,target,target_frame,source,source_frame,target_id,source_id,source_rule",
        "000_001/f0000,000.mp4,0,001.mp4,0,000,001,planned",
        "000_001/f0004,000.mp4,4,001.mp4,4,000,001,planned",
        "000_001/f0009,000.mp4,9,001.mp4,9,000,001,planned",
    ]
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["planned_pairs.csv"]


def test_the_settings_that_differ_are_shown_as_a_file_takes_them(
    cli: Cli, mini: Path, place: Path, tmp_path: Path
) -> None:
    words = ["--set", "frames=2", "--seed", "7", "--dry-run", "--out", tmp_path / "one"]
    first = cli("run", "ff++", "--data", mini, "--config", place / "few.toml", *words)
    assert first.code == 0
    for line in ('protocol = "ff++"', 'frames = "2"', "limit = 3", "seed = 7", '    { name = "copy-source" },'):
        assert line in first.stderr.splitlines()
    assert not re.search("^(preset|suite|workers)", first.stderr, re.MULTILINE)
    (tmp_path / "shown.toml").write_text(first.stderr)
    again = cli("run", "ff++", "--config", tmp_path / "shown.toml", "--dry-run")
    assert again == first


def test_flags_win_over_the_settings_file(cli: Cli, mini: Path, place: Path, tmp_path: Path) -> None:
    words = ["--config", place / "few.toml", "--limit", "5", "--dry-run", "--out", tmp_path]
    done = cli("run", "ff++", "--data", mini, *words)
    assert done.stdout.startswith("5 swaps planned")


def test_controls_that_a_file_switches_off_are_switched_on_by_their_flag(cli: Cli, mini: Path, tmp_path: Path) -> None:
    (tmp_path / "off.toml").write_text("controls = false\n")
    words = ["--config", tmp_path / "off.toml", "--dry-run", "--out", tmp_path]
    assert "controls = false\n" in cli("run", "ff++", "--data", mini, *words).stderr
    assert "controls = " not in cli("run", "ff++", "--data", mini, *words, "--controls").stderr


def test_json_is_all_that_stdout_holds_where_it_is_asked_for(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["--swapper", "copy-target", "--no-controls", "--limit", "2", "--json", "--out", tmp_path]
    done = cli("run", "lfw", "--data", mini, *words)
    assert done.code == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert result["swapper"]["label"] == "copy-target"
    assert result["planned"] == 2
    again = cli("report", tmp_path, "--json")
    assert json.loads(again.stdout) == [result]


def test_a_report_of_finished_runs_is_printed_and_written(cli: Cli, lfw_run: Path, tmp_path: Path) -> None:
    done = cli("report", lfw_run, "--out", tmp_path / "report")
    assert done.code == 0
    assert "copy-target" in done.stdout and "landmark" in done.stdout
    assert {path.suffix for path in (tmp_path / "report").iterdir()} == REPORT_FORMATS
    assert done.stderr.startswith("written: ")


def test_a_report_leaves_out_a_broken_run_and_says_so(cli: Cli, lfw_run: Path, tmp_path: Path) -> None:
    broken = tmp_path / "lfw/mine/abc"
    broken.mkdir(parents=True)
    (broken / "result.json").write_text("{")
    done = cli("report", lfw_run, tmp_path)
    assert done.code == 0
    assert done.stderr.startswith(f"fsbench: left out: {broken / 'result.json'} cannot be read: ")


def test_one_picture_is_swapped_and_marked_as_synthetic(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "new/swapped.png"
    done = cli("swap", ASTRONAUT, TABLE, "--face", "2", "-o", out)
    signed = ", with content credentials" if content_credentials.available() else ""
    assert done == Called(0, "", f"written: {out}{signed}\n")
    with PIL.Image.open(out) as picture:
        assert picture.format == "PNG"
        assert picture.text == {  # type: ignore[attr-defined]
            "fsbench:synthetic": "true",
            "fsbench:swapper": "landmark",
            "fsbench:version": "1",
        }
    result, target = read_rgb(out), read_rgb(TABLE)
    assert result.shape == target.shape
    changed = (result != target).any(axis=2)
    assert 0.001 < changed.mean() < 0.05  # one face of six


@pytest.mark.parametrize("name", ["copy-target", "landmark"])
def test_a_swapper_that_keeps_the_rules_passes_the_check(cli: Cli, name: str) -> None:
    done = cli("check", name)
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    assert all(line.startswith("ok    ") for line in lines)


def test_a_swapper_that_breaks_a_rule_fails_the_check(cli: Cli, tmp_path: Path) -> None:
    plugin = tmp_path / "small.py"
    plugin.write_text(
        "import numpy as np\n"
        "from fsbench.interfaces import Swapper\n"
        "from fsbench.types import Swapped\n"
        "class Small(Swapper):\n"
        "    name, version = 'small', 1\n"
        "    def swap(self, items):\n"
        "        return [Swapped(np.zeros((8, 8, 3), np.uint8)) for item in items]\n"
    )
    done = cli("check", f"{plugin}:Small")
    assert done.code == 1
    failed = [line for line in done.stdout.splitlines() if not line.startswith("ok    ")]
    assert failed == [
        "FAIL  results are uint8 RGB of the target's size, or crops that say so: "
        "000_001/f0000: found 8 x 8 pixels, the target has 360 x 360"
    ]


def test_data_that_is_whole_passes_the_check_and_what_is_missing_is_named(cli: Cli, mini: Path, place: Path) -> None:
    done = cli("data", "check", "ff++", "--data", mini)
    assert (done.code, done.stdout.splitlines()[-1]) == (0, "6 of 6 swaps of one video by another can run")
    done = cli("data", "check", "lfw", "--data", place / "one")
    assert (done.code, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"{place / 'one'}: raw: 0 of 3 pictures",
        "Ann_0001.jpg: missing",
        "Ann_0002.jpg: missing",
        "Bob_0001.jpg: missing",
        "0 of 1 negative pairs can run",
    ]


def test_every_command_that_a_hint_names_is_there(cli: Cli) -> None:
    texts = [
        node.value
        for path in Path(fsbench.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword)
        if node.arg == "hint"
        for node in ast.walk(node.value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    named = {found[0] for text in texts for found in re.findall(r"^fsbench (((data|cache) )?[a-z]+)", text)}
    assert {"run", "list", "doctor", "data check"} <= named
    for command in sorted(named):
        assert cli(*command.split(), "--help").code == 0, command


def test_the_doctor_finds_this_machine_fit(cli: Cli) -> None:
    done = cli("doctor")
    assert (done.code, done.stderr) == (0, "")
    assert re.search(r"^  ready   offline: dlib, dlib-resnet, pnp68, landmarks68, efflite0$", done.stdout, re.MULTILINE)


def test_the_cache_tells_where_it_is(cli: Cli, cache_folder: Path, mini: Path) -> None:
    done = cli("cache", "info")
    assert done.code == 0
    assert re.fullmatch(rf"{re.escape(str(cache_folder))}: \d+ entries, \d+ files, [\d.]+ MB\n", done.stdout)
