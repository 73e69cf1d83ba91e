"""Margins and gates from a file, and what is refused."""

import pytest

from fsbench.errors import ConfigError
from fsbench.reports.compare_settings import DEFAULTS, read_settings


@pytest.fixture
def settings(tmp_path):
    def read(text, **changes):
        file = tmp_path / "fsbench.toml"
        file.write_text(text, encoding="utf-8")
        return read_settings(file, **changes)

    return read


def test_without_a_file_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = read_settings(None)
    assert found.margin("pose_error", 2.0) == DEFAULTS["pose_error"].absolute
    assert found.margin("a metric of a plug-in", 2.0) is None
    assert (found.speed.warn, found.speed.fail) == (1.10, 1.25)


def test_the_file_of_the_working_folder_counts_and_flags_win(settings, tmp_path, monkeypatch):
    settings("[compare]\nseed = 3\n[compare.margins]\npose_error = 0.2\nfid = {absolute = 2.0, relative = 0.1}\n")
    monkeypatch.chdir(tmp_path)
    found = read_settings(None)
    assert (found.seed, read_settings(None, seed=9).seed) == (3, 9)
    assert found.margin("pose_error", 5.0) == 0.2
    assert (found.margin("fid", 10.0), found.margin("fid", 100.0)) == (2.0, 10.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[compare.margins]\npose_eror = 1", "did you mean 'pose_error'"),
        ("[compare.margins]\npose_error = -1", "pose_error"),
        ("[compare.margins]\nlatency_ms = 1", "judged by 'speed'"),
        ("[compare.margins]\ncoverage = 1", "judged by 'failures'"),
        ("[compare]\nalfa = 0.1", "alfa"),
        ("[compare]\nalpha = 2", "alpha"),
        ("[compare.speed]\nfail = 0.5", "fail"),
        ("compare = 3", "no table"),
        ("[compere]", "did you mean 'compare'"),
        ("[compare", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(settings, text, words):
    with pytest.raises(ConfigError, match=words):
        settings(text)


def test_a_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "none.toml")
