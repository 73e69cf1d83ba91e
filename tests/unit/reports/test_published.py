import csv
import io
import json

import pytest

from fsbench.errors import ConfigError
from fsbench.metrics.spec import METRICS
from fsbench.reports.formats import write_reports
from fsbench.reports.published import chosen_tables, published_tables, source_lines
from fsbench.reports.published_tables import as_tables
from fsbench.reports.runs import load_runs
from fsbench.reports.terminal import terminal_text

ELSEWHERE = {"study_real", "study_identity", "study_attribute", "gaze_similarity", "fvd", "fvd32", "fvd128"}
ELSEWHERE |= {"seconds", "parameters", "gflops", "id_variance"}  # what others print and fsbench does not measure


def numbers():
    return [number for table in published_tables() for number in table.numbers]


def one(source, table, method, metric):
    (found,) = [
        number
        for number in numbers()
        if (number.source, number.table, number.method, number.metric) == (source, table, method, metric)
    ]
    return found


@pytest.mark.parametrize(
    ("table", "method", "metric", "value", "made"),
    [
        ("table 1", "IPGAN", "id_retrieval", 82.41, "copied"),
        ("table 1", "SimSwap", "expression_error", 2.56, "re-measured"),
        ("table 1", "MobileFSGAN", "pose_error", 2.18, "own"),
        ("table 2, left", "SimSwap", "lfw_cosine_var", 0.0043, "re-measured"),
        ("table 2, right", "MobileFSGAN", "study_identity", 2.77, "own"),
        ("table 3", "iPhone 11, iOS, CoreML, ANE", "latency_ms", 135.0, "own"),
        ("table 4", "FaceShifter (PyTorch)", "size_mb", 901.0, "re-measured"),
        ("supplement, table 1", "NoFuse", "fid", 277.01, "own"),
    ],
)
def test_the_papers_tables_are_as_printed(table, method, metric, value, made):
    found = one("mobilefsgan", table, method, metric)
    assert found.value == pytest.approx(value)
    assert (found.made, found.verified) == (made, True)


def test_a_cell_without_a_number_has_no_value_and_not_zero():
    assert one("mobilefsgan", "table 1", "DeepFake", "expression_error").value is None
    assert all(number.value != 0 for number in numbers())


def test_each_number_says_where_it_stands_and_what_it_means():
    for number in numbers():
        assert number.metric in METRICS or number.metric in ELSEWHERE, number
        assert number.address.startswith("https://")
        assert number.definition.startswith(f"{number.source}:")
        assert number.value is None or number.text != "-"


def test_values_of_one_column_are_of_one_scale():
    """A slip of a digit in the data shows as a value far from the others of its column."""
    for table in published_tables():
        for place, tag in enumerate(table.definitions):
            values = [row[place].value for _, row in table.rows if row[place].value is not None]
            if table.definitions[tag].unit == "%":
                assert all(0 <= value <= 100 for value in values), tag
            if table.definitions[tag].unit == "cosine":
                assert all(-1 <= value <= 1 for value in values), tag


def test_choosing_by_data_set_or_source_gives_each_table_once():
    by_set = chosen_tables(["lfw"])
    assert [(table.source, table.table) for table in by_set] == [("mobilefsgan", "table 2, left")]
    both = chosen_tables(["ff++", "mobilefsgan"])
    places = [(table.source, table.table, table.data_title) for table in both]
    assert len(places) == len(set(places)) == len(chosen_tables(["ff++"])) + len(chosen_tables(["mobilefsgan"])) - 2


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(ConfigError, match=r"nothing published is kept under 'ff'; data sets: .*ff\+\+.*sources: alpha"):
        chosen_tables(["ff"])


def test_the_list_counts_numbers_and_verified_ones():
    assert source_lines()["facedancer"].endswith("ff++, aflw2000-3d; 30 numbers, 30 verified")
    assert source_lines()["alphaface"].endswith("63 numbers, 0 verified")


def test_a_published_table_has_no_rank_and_says_what_is_open():
    (table,) = as_tables(chosen_tables(["lfw"]))
    assert terminal_text(table, width=100).splitlines()[:12] == [
        "As published: MobileFSGAN, table 2, left (LFW, 3000 negative pairs)",
        "As published: read in the source and not measured here. Other networks, data and choices stand",
        "behind these numbers, so none is ranked, and none compares with a measured row.",
        "",
        "                          Cosine, mean,  Cosine, variance,",
        "Method       Measured by       cosine ↑           cosine^2",
        "──────────────────────────────────────────────────────────",
        "MegaFS       re-measured         0.5124             0.0155",
        "SimSwap      re-measured         0.6539             0.0043",
        "MobileFSGAN  own                 0.5920             0.0068",
        "",
        "Source: Migrating Face Swap to Mobile Devices (2022), table 2, left.",
    ]
    assert all(table.marks == {""} for table in as_tables(published_tables()))


def test_inferred_origins_and_missing_cells_have_notes():
    (table, *_) = as_tables(chosen_tables(["mobilefsgan"]))
    rows = {row.label: row.cells for row in table.sections[0].rows}
    notes = dict(table.notes)
    assert [notes[letter] for letter in rows["DeepFake"][3].notes] == ["the source prints no number"]
    assert [notes[letter] for letter in rows["SimSwap"][3].notes] == [
        "re-measured",
        "who measured it is inferred, not said by the source",
    ]
    assert "Pose error (unit" not in table.columns[2].heading and "unit not said" in table.columns[2].heading


def test_every_format_sets_them_apart_from_what_was_measured(write_run, measure, tmp_path):
    runs = load_runs(
        [write_run("ours", measure("id_retrieval", 5.0)), write_run("b", measure("id_retrieval", 9.0))]
    ).runs
    files = write_reports(runs, tmp_path / "out", published=chosen_tables(["mobilefsgan"]))
    for ending in ("html", "md", "tex"):
        text = files[ending].read_text()
        assert text.index("ours") < text.index("IPGAN"), ending
        assert "As published" in text[: text.index("IPGAN")], ending
    assert "IPGAN" not in files["csv"].read_text() + files["json"].read_text()
    lines = list(csv.DictReader(io.StringIO(files["published.csv"].read_text())))
    assert next(line for line in lines if line["method"] == "IPGAN")["value"] == "82.41"
    assert len(json.loads(files["published.json"].read_text())) == len(lines)
    plain = write_reports(runs, tmp_path / "plain")
    assert "published.csv" not in plain and "As published" not in plain["html"].read_text()


def test_measured_ranks_stay_as_they_are(write_run, measure, tmp_path):
    runs = load_runs([write_run("a", measure("id_retrieval", 5.0)), write_run("b", measure("id_retrieval", 9.0))]).runs
    with_them = write_reports(runs, tmp_path / "with", published=chosen_tables(["ff++"]))["md"].read_text()
    assert with_them.startswith(write_reports(runs, tmp_path / "without")["md"].read_text())
    assert with_them.count("**") == 4  # the best one, and the word in the legend


def test_a_broken_source_names_its_file(tmp_path):
    head = (
        'title = "T"\nshort = "T"\nyear = 2020\naddress = "https://x"\nread_in = "t"\n[definitions.a]\nmetric = "fid"\n'
    )
    head += 'title = "FID"\nbetter = "lower"\n[[tables]]\ndata = "d"\ndata_title = "D"\nverified = true\n'
    (tmp_path / "one.toml").write_text(head + 'columns = ["a"]\nrows = [["m", "own", "1", "2"]]\n')
    with pytest.raises(ConfigError, match=r"one\.toml: row 'm' does not fit the columns a"):
        published_tables(tmp_path)
    (tmp_path / "one.toml").write_text(head + 'columns = ["a"]\nrows = [["m", "guessed", "1"]]\n')
    published_tables.cache_clear()
    with pytest.raises(ConfigError, match=r"one\.toml: row 'm', one:a: 'made' is 'guessed'"):
        published_tables(tmp_path)
