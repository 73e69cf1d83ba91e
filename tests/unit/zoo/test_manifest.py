import re
from pathlib import Path

import pytest

from fsbench.errors import ConfigError
from fsbench.zoo import manifest

PAGE = Path(__file__).parents[3] / "docs" / "weights.md"


def table(folder, text, name="weights.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


ONE = 'file = "a.onnx"\nlicence = "MIT"\npurpose = "a test"\nsource = "here"\nurls = ["http://x/a.onnx"]\n'


@pytest.mark.parametrize("item", manifest.weights().values(), ids=lambda item: item.name)
def test_a_weight_says_what_it_is_where_it_is_and_how_far_to_trust_it(item):
    assert item.purpose and item.licence and item.source
    assert item.urls or item.by_hand
    assert all(address.url.startswith("https://") for address in item.urls)
    assert item.bytes == 0 or item.bytes > 1000
    assert item.format != "other"


def test_the_page_tells_how_to_get_every_weight():
    rows = {row[1]: row[0] for row in re.finditer(r"^\| `([a-z0-9-]+)` \|.*$", PAGE.read_text("utf-8"), re.MULTILINE)}
    known = manifest.weights()
    assert set(rows) == set(known)
    for name, row in rows.items():
        assert known[name].file in row
        assert ("`fetch`" in row) == bool(known[name].urls)
        assert known[name].by_hand in row
        assert known[name].page in row
        assert ("non-commercial)" in row) == known[name].non_commercial


def test_all_tables_of_the_folder_are_merged(tmp_path):
    table(tmp_path, "[a]\n" + ONE)
    table(tmp_path, "[b]\n" + ONE, "swapper_weights.toml")

    assert set(manifest.read_tables(tmp_path)) == {"a", "b"}


def test_two_weights_of_one_name_in_two_tables_are_a_mistake(tmp_path):
    table(tmp_path, "[a]\n" + ONE)
    table(tmp_path, "[a]\n" + ONE, "swapper_weights.toml")

    with pytest.raises(ValueError, match="two weights are called 'a'"):
        manifest.read_tables(tmp_path)


WRONG = {
    "no way to get it": ONE.replace('urls = ["http://x/a.onnx"]', ""),
    "a hash that nobody vouches for": ONE + f'sha256 = "{"0" * 64}"\n',
    "half a hash": ONE + 'sha256 = "00"\nvouched = "owner"\n',
    "a file name that leads elsewhere": ONE.replace("a.onnx", "../a.onnx", 1),
    "an unknown field": ONE + "colour = 1\n",
    "an address that is no address": ONE.replace("http://x", "file:///etc", 1),
    "the weights of nobody": ONE + 'same_weights_as = "c"\n',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_table_is_a_mistake(tmp_path, text):
    table(tmp_path, "[a]\n" + text)

    with pytest.raises(ValueError, match="a: "):
        manifest.read_tables(tmp_path)


def test_an_unknown_name_gets_a_guess():
    with pytest.raises(ConfigError, match="no weight is called 'scrfd-10'; did you mean 'scrfd-10g'"):
        manifest.weight("scrfd-10")


def test_a_suite_without_weights_is_told_from_one_that_has_some():
    assert {item.name for item in manifest.of_suite("paper")} >= {"cosface-acc9928", "deep3d-epoch20", "inception-fid"}
    with pytest.raises(ConfigError, match="suite 'offline' needs no weight"):
        manifest.of_suite("offline")


def test_an_export_leads_to_the_weights_that_were_trained():
    assert manifest.origin("arcface-w600k-r50-facefusion") == "arcface-w600k-r50"
    assert manifest.origin("arcface-w600k-r50") == "arcface-w600k-r50"
    assert manifest.origin("my own") == "my own"
