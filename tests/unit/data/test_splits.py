import hashlib
import json

import pytest

from fsbench.data.splits import SPLITS, load_pairs, official_pairs
from fsbench.errors import DataError

# of dataset/splits/<name>.json in github.com/ondyari/FaceForensics
PUBLISHED = {
    "train": "e59386911255e6fb0a79a7808ec2210536b8c0474268342694c4bca766d1b347",
    "val": "b48cc511f66938e05356aaa9c67e150b1e3638c355db3d745225b0022884b36e",
    "test": "886f5a0da623c25820692e0d8dc33d197ddb1db527a7f1cfcb9bcbca60fe4f40",
}


@pytest.mark.parametrize("split", SPLITS)
def test_the_official_pairs_are_the_published_ones_byte_for_byte(split):
    text = json.dumps(official_pairs(split), indent=2)

    assert hashlib.sha256(text.encode()).hexdigest() == PUBLISHED[split]


def test_all_splits_together_name_each_of_the_thousand_videos_once(tmp_path):
    ids = [video_id for pair in load_pairs(tmp_path, "all") for video_id in pair]

    assert sorted(ids) == [f"{number:03d}" for number in range(1000)]


def write(root, name, content):
    (root / "splits").mkdir(exist_ok=True)
    (root / "splits" / name).write_text(content if isinstance(content, str) else json.dumps(content))


def test_own_files_replace_the_official_pairs_and_all_takes_those_there_are(tmp_path):
    write(tmp_path, "test.json", [["004", "005"]])
    write(tmp_path, "train.json", [["001", "000"], ["002", "003"]])

    assert load_pairs(tmp_path, "all") == [("001", "000"), ("002", "003"), ("004", "005")]
    assert load_pairs(tmp_path, "test") == [("004", "005")]


def test_a_split_without_its_own_file_is_refused_and_not_taken_from_the_official(tmp_path):
    write(tmp_path, "test.json", [["004", "005"]])

    with pytest.raises(DataError, match=r"holds test\.json; wanted val\.json"):
        load_pairs(tmp_path, "val")


def test_a_json_file_of_another_name_is_refused(tmp_path):
    write(tmp_path, "pairs.json", [["004", "005"]])

    with pytest.raises(DataError, match=r"holds pairs\.json; wanted train\.json, val\.json or test\.json"):
        load_pairs(tmp_path, "all")


def test_an_empty_folder_of_splits_leaves_the_official_pairs(tmp_path):
    (tmp_path / "splits").mkdir()

    assert len(load_pairs(tmp_path, "test")) == 70


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "splits").write_text("[]")

    with pytest.raises(DataError, match="splits is a file"):
        load_pairs(tmp_path, "all")


WRONG = {
    "broken": ('[["000", "00', r"cannot be read as JSON"),
    "an object": ('{"000": "003"}', r"holds no list of pairs"),
    "nothing": ("[]", r"holds no list of pairs"),
    "three ids": ([["000", "001"], ["000", "003", "004"]], r"pair 2: found .*, wanted two video ids"),
    "a name": (["000_003"], r"pair 1: found \"000_003\", wanted two video ids"),
    "a number": ([[0, 3]], r"pair 1: found 0, wanted three digits in quotes"),
    "two digits": ([["000", "03"]], r"pair 1: found \"03\", wanted three digits"),
    "other digits": ([["000", "٠٠٣"]], r"pair 1: found .*, wanted three digits"),
    "a line end": ([["000", "003\n"]], r"wanted three digits"),
    "a path": ([["000", "../"]], r"wanted three digits"),
    "itself": ([["000", "000"]], r"pair 1: video 000 is paired with itself"),
    "twice": ([["000", "003"], ["003", "000"]], r"the pair 003, 000 twice"),
}


@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_split_file_is_refused_with_what_was_found(tmp_path, content, message):
    write(tmp_path, "test.json", content)

    with pytest.raises(DataError, match=message):
        load_pairs(tmp_path, "test")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "test.json").write_bytes(b"\xff\xfe\x00\x01")

    with pytest.raises(DataError, match="cannot be read as JSON"):
        load_pairs(tmp_path, "test")
