import hashlib
import os
from pathlib import Path

import PIL.Image
import pytest

from fsbench.data.lfw import Lfw, LfwPair
from fsbench.errors import ConfigError, DataError

PAIRS = "1\t2\nAnn_Lee\t1\t2\nBob\t1\t3\nAnn_Lee\t1\tBob\t3\nBob\t1\tCy_Of_Ur\t12\n"
PICTURES = ("Ann_Lee/Ann_Lee_0001", "Ann_Lee/Ann_Lee_0002", "Bob/Bob_0001", "Bob/Bob_0003", "Cy_Of_Ur/Cy_Of_Ur_0012")


def pictures(folder, suffix=".jpg"):
    for name in PICTURES:
        path = folder / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (4, 4)).save(path)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "data"
    pictures(folder / "lfw")
    (folder / "pairs.txt").write_text(PAIRS)
    return folder


def test_negatives_are_the_lines_of_two_names_first_picture_first(root):
    bob, ann = root / "lfw/Bob", root / "lfw/Ann_Lee"

    assert Lfw.open(root, variant="").negatives() == [
        LfwPair(ann / "Ann_Lee_0001.jpg", bob / "Bob_0003.jpg", "Ann_Lee", "Bob", 4),
        LfwPair(bob / "Bob_0001.jpg", root / "lfw/Cy_Of_Ur/Cy_Of_Ur_0012.jpg", "Bob", "Cy_Of_Ur", 5),
    ]


def test_positives_are_the_lines_of_one_name(root):
    ann = root / "lfw/Ann_Lee"

    first, second = Lfw.open(root, variant="raw").positives()

    assert first == LfwPair(ann / "Ann_Lee_0001.jpg", ann / "Ann_Lee_0002.jpg", "Ann_Lee", "Ann_Lee", 2)
    assert second.line == 3


@pytest.mark.parametrize("text", [PAIRS.replace("1\t2\n", "2\n", 1), PAIRS.replace("\n", "\r\n"), PAIRS + "\n\n"])
def test_a_count_alone_and_other_line_ends_are_read_too(root, text):
    (root / "pairs.txt").write_bytes(text.encode())

    assert len(Lfw.open(root, variant="").pairs) == 4


@pytest.mark.parametrize(
    ("folder", "variant"),
    [
        ("lfw", "raw"),
        ("lfw_funneled", "funneled"),
        ("lfw-funneled", "funneled"),
        ("lfw-deepfunneled", "deepfunneled"),
        ("lfw-deepfunneled/lfw-deepfunneled", "deepfunneled"),
    ],
)
def test_each_variant_is_found_by_its_folder(tmp_path, folder, variant):
    pictures(tmp_path / folder)
    (tmp_path / "pairs.txt").write_text(PAIRS)

    for asked in ("", variant):
        data = Lfw.open(tmp_path, variant=asked)
        data.require_complete()
        assert data.variant == variant


def test_png_pictures_serve_where_there_is_no_jpg(tmp_path):
    pictures(tmp_path / "lfw", ".png")
    (tmp_path / "pairs.txt").write_text(PAIRS)

    data = Lfw.open(tmp_path, variant="")

    data.require_complete()
    assert data.negatives()[0].first.name == "Ann_Lee_0001.png"


def test_a_folder_above_is_found_too(root):
    inside = root.rename(root.parent / "lfw")

    assert Lfw.open(inside.parent, variant="").root == inside


def test_several_variants_and_none_asked_names_them(root):
    pictures(root / "lfw_funneled")

    with pytest.raises(ConfigError, match="holds raw, funneled: say which") as caught:
        Lfw.open(root, variant="")
    assert caught.value.hint == "--variant raw"


def test_a_variant_that_is_not_there_is_refused(root):
    with pytest.raises(ConfigError, match="holds raw, not funneled"):
        Lfw.open(root, variant="funneled")
    with pytest.raises(ConfigError, match="no variant is called 'deep'"):
        Lfw.open(root, variant="deep")


WRONG = {
    "no number": ("Bob\t1\tx", "found 'Bob.*', wanted picture numbers from 1"),
    "zero": ("Bob\t0\t1", "wanted picture numbers from 1"),
    "huge": ("Bob\t1\t" + "9" * 30, "wanted picture numbers from 1"),
    "two fields": ("Bob\t1", "wanted 'name i j', or 'name i name j' with two names"),
    "five fields": ("Bob\t1\tAnn\t2\t3", "wanted 'name i j'"),
    "one name twice": ("Bob\t1\tBob\t3", "with two names"),
    "blank": ("", "found '', wanted 'name i j'"),
    "a path": ("../Bob\t1\t2", "wanted a name that is no path"),
    "the folder itself": (".\t1\t2", "wanted a name that is no path"),
    "folder above": ("..\t1\t2", "wanted a name that is no path"),
    "a path of Windows": ("..\\Bob\t1\t2", "wanted a name that is no path"),
}


@pytest.mark.parametrize(("line", "message"), WRONG.values(), ids=WRONG)
def test_a_malformed_line_is_refused_with_its_number(root, line, message):
    (root / "pairs.txt").write_text(PAIRS.replace("Bob\t1\t3", line, 1))

    with pytest.raises(DataError, match=rf"pairs\.txt, line 3: .*{message}"):
        Lfw.open(root, variant="")


@pytest.mark.parametrize("text", ["", "\n", "a\tb\n", "1\t2\t3\n", "-1\n", "name\t1\t2\n"])
def test_a_malformed_first_line_is_refused(root, text):
    (root / "pairs.txt").write_text(text)

    with pytest.raises(DataError, match=r"pairs\.txt, line 1: found .*, wanted the number of folds"):
        Lfw.open(root, variant="")


@pytest.mark.parametrize(
    "text", [PAIRS.replace("1\t2", "10\t300", 1), PAIRS + "Bob\t1\t3\n", PAIRS.replace("Bob\t1\t3\n", "")]
)
def test_another_number_of_pairs_than_the_first_line_says_is_refused(root, text):
    (root / "pairs.txt").write_text(text)

    with pytest.raises(DataError, match=r"holds \d pairs of one person and \d of two; its first line says"):
        Lfw.open(root, variant="")


def test_a_list_that_is_no_text_is_refused(root):
    (root / "pairs.txt").write_bytes(b"\xff\xfe\x00\x80")

    with pytest.raises(DataError, match="cannot be read as text"):
        Lfw.open(root, variant="")


def test_wrong_folders_are_refused_with_what_was_found(root):
    (root / "file").write_text("")
    (root / "empty").mkdir()
    (root / "list_alone").mkdir()
    (root / "list_alone/pairs.txt").write_text(PAIRS)
    wanted = {
        "file": "is a file; wanted the folder of LFW",
        "none": "does not exist",
        "empty": r"holds no pairs\.txt",
        "list_alone": "holds none of lfw, lfw_funneled, lfw-deepfunneled",
    }
    for name, message in wanted.items():
        with pytest.raises(DataError, match=message) as caught:
            Lfw.open(root / name, variant="")
        assert caught.value.hint


def test_the_folder_of_pictures_itself_gets_the_folder_above_as_a_hint(root):
    with pytest.raises(DataError, match=r"holds no pairs\.txt") as caught:
        Lfw.open(root / "lfw", variant="")
    assert caught.value.hint == f"--data {root}"


def test_missing_pictures_are_counted_and_named(root):
    (root / "lfw/Bob/Bob_0003.jpg").unlink()

    with pytest.raises(
        DataError, match=r"holds 4 of 5 pictures that pairs\.txt names; missing Bob_0003\.jpg$"
    ) as caught:
        Lfw.open(root, variant="").require_complete()
    assert caught.value.hint == f"fsbench data check lfw --data {root}"


def test_a_check_counts_the_negative_pairs_that_can_run(root):
    whole = Lfw.open(root, variant="").check(thorough=True)
    (root / "lfw/Ann_Lee/Ann_Lee_0001.jpg").unlink()
    (root / "lfw/Bob/Bob_0003.jpg").write_bytes(b"")

    broken = Lfw.open(root, variant="").check()

    assert (whole.ok, whole.pairs_planned, whole.pairs_possible, len(whole.lines)) == (True, 2, 2, 2)
    assert (broken.ok, broken.pairs_planned, broken.pairs_possible) == (False, 2, 1)
    assert broken.lines[1:3] == ("Ann_Lee_0001.jpg: missing", "Bob_0003.jpg: empty")


def test_only_a_thorough_check_opens_the_pictures(root):
    (root / "lfw/Bob/Bob_0001.jpg").write_bytes(b"no picture")
    data = Lfw.open(root, variant="")

    assert data.check().ok
    assert data.check(thorough=True).pairs_possible == 1


def test_the_published_list_has_three_thousand_pairs_of_each_kind(tmp_path):
    folder = os.environ.get("FSBENCH_TEST_DATA")
    if not folder:
        pytest.skip("FSBENCH_TEST_DATA is not set: no published pairs.txt")
    content = Path(folder, "lfw/pairs.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest().startswith("ea42330c62c92989")
    (tmp_path / "pairs.txt").write_bytes(content)
    (tmp_path / "lfw").mkdir()

    data = Lfw.open(tmp_path, variant="")

    assert (len(data.positives()), len(data.negatives())) == (3000, 3000)
    negatives = {path for pair in data.negatives() for path in (pair.first, pair.second)}
    assert len(negatives) == 4112


def test_real_pictures_are_whole():
    folder = os.environ.get("FSBENCH_TEST_DATA")
    if not folder:
        pytest.skip("FSBENCH_TEST_DATA is not set: no real pictures")

    report = Lfw.open(Path(folder, "lfw_mini"), variant="").check(thorough=True)

    assert (report.ok, report.pairs_planned) == (True, 30)
