import json

import pyarrow.parquet
import pytest

from fsbench.errors import ConfigError, RecordError
from fsbench.reports.formats import write_reports
from fsbench.reports.latex import latex
from fsbench.reports.layouts import layout_tables
from fsbench.reports.paper_tables import LAYOUTS
from fsbench.reports.ratings import read_ratings, read_sizes
from fsbench.reports.runs import load_runs
from fsbench.reports.terminal import terminal_text

LFW = {"config": {"protocol": "lfw"}}
SPEED = {"config": {"protocol": "speed"}}
SIZE = {"config": {"protocol": "size"}}


def filled(name, *folders, beside=()):
    return layout_tables(name, load_runs(folders).runs, beside)


def cells(table):
    return {row.label: [cell.text for cell in row.cells] for section in table.sections for row in section.rows}


@pytest.fixture
def quality(write_run, measure):
    def write(name, identity, pose, expression, **given):
        found = [measure("id_retrieval", identity), measure("pose_error", pose)]
        return write_run(name, *found, *([measure("expression_error", expression)] if expression else []), **given)

    return write


def test_table_1_has_the_papers_rows_and_columns_in_its_order(quality):
    runs = (
        quality("mobilefsgan", 97.5, 2.0, 2.5),
        quality("ffpp:Deepfakes", 82.0, 4.1, None),
        quality("recipe:simswap-224", 92.0, 1.5, 2.6),
        quality("mine", 50.0, 3.0, 3.0),
        quality("copy-target", 0.0, 0.0, 0.0001, is_control=True),
    )
    (table,) = filled("table1", *runs)
    assert terminal_text(table, width=100).splitlines() == [
        "Quantitative comparison on FaceForensics++",
        "",
        "Method       ID Retrieval      Pose  Expression",
        "───────────────────────────────────────────────",
        "DeepFake        82.00 (a)  4.10 (a)           -",
        "FaceSwap                -         -           -",
        "IPGAN                   -         -           -",
        "FaceShifter             -         -           -",
        "MegaFS                  -         -           -",
        "SimSwap         92.00 (a)  1.50 (a)    2.60 (a)",
        "HiFiFace                -         -           -",
        "Ours            97.50 (a)  2.00 (a)    2.50 (a)",
        "mine            50.00 (a)  3.00 (a)    3.00 (a)",
        "",
        "(a) n = 4",
        "Columns: ID Retrieval: ID retrieval, %; Pose: Pose error, deg; Expression: Expression error.",
        "Measured: Two videos, definition 0123456789ab. Networks: identity dlib-resnet@1.",
        "Rows: DeepFake is ffpp:Deepfakes, SimSwap is recipe:simswap-224, Ours is mobilefsgan.",
        "A dash: nobody measured it here. Rows and columns are the paper's, in its order; others stand below.",
        "",
    ]
    text = latex(table)
    assert text.index("DeepFake & 82.00") < text.index("HiFiFace & -") < text.index("Ours & 97.50")
    assert "copy-target" not in text


def test_an_unofficial_training_is_not_the_papers_method_and_a_second_run_gets_its_own_row(quality):
    (table,) = filled("table1", quality("hififace_unofficial_256", 1, 1, 1), quality("simswap_256", 2, 2, 2),
                      quality("simswap_512", 3, 3, 3))  # fmt: skip
    found = cells(table)
    assert (found["HiFiFace"][0], found["hififace_unofficial_256"][0]) == ("-", "1.00")
    assert (found["SimSwap"][0], found["simswap_512"][0]) == ("2.00", "3.00")


def test_definitions_do_not_share_a_table(quality):
    other = {"definition": {"frames": "9"}, "definition_digest": "ba9876543210"}
    one, two = filled("table1", quality("megafs-ff++", 1, 1, 1), quality("simswap_256", 2, 2, 2, **other))
    assert (cells(one)["MegaFS"][0], cells(one)["SimSwap"][0]) == ("1.00", "-")
    assert (cells(two)["MegaFS"][0], cells(two)["SimSwap"][0]) == ("-", "2.00")


def test_table_2_takes_the_scores_of_a_study(write_run, measure, tmp_path):
    run = write_run("simswap_256", measure("lfw_cosine_mean", 0.65), measure("lfw_cosine_var", 0.004), **LFW)
    numbers = [
        {"selection": s, "statistic": "mean", "question": q, "name": "SimSwap", "value": v, "low": v, "high": v, "n": 9}
        for s, q, v in [("kept", "realism", 3.3), ("kept", "identity", 2.6), ("all raters", "realism", 1.0)]
    ]
    file = tmp_path / "analysis.json"
    file.write_text(json.dumps({"numbers": numbers}))
    (table,) = filled("table2", run, beside=read_ratings(file))
    assert cells(table) == {
        "MegaFS": ["-"] * 5,
        "SimSwap": ["0.6500", "0.0040", "3.30", "2.60", "-"],
        "Ours": ["-"] * 5,
    }
    file.write_text("{}")
    with pytest.raises(RecordError, match=r"analysis\.json is no analysis of a study"):
        read_ratings(file)


def test_table_3_names_each_device_and_takes_the_network_alone_before_whole_calls(write_run, measure):
    phone = {"conditions": {"platform": "iPhone 11", "os": "iOS", "framework": "CoreML", "hardware": "ANE"}}
    here = {"conditions": {"platform": "EPYC", "os": "Debian", "hardware": "CPU, 2 threads"}}
    one = write_run("ours", measure("network_mean_ms", 135.0, n=100), **SPEED, provenance=phone)
    two = write_run(
        "b", measure("latency_ms", 50.0, n=9), measure("latency_mean_ms", 55.0, n=9), **SPEED, provenance=here
    )
    (table,) = filled("table3", one, two)
    assert [column.heading for column in table.columns] == ["OS", "Framework", "Hardware", "Speed, ms"]
    assert cells(table) == {
        "iPhone 11": ["iOS", "CoreML", "ANE", "135.0"],
        "EPYC": ["Debian", "not said", "CPU, 2 threads", "55.0"],
    }


def test_table_4_adds_the_face_net_and_knows_exports(write_run, measure):
    runs = (
        write_run("mobilefsgan", measure("size_mb", 10.2), **SIZE),
        write_run("mobilefsgan with the face net", measure("size_mb", 15.1), **SIZE),
        write_run("ours.mlpackage", measure("size_mb", 15.0), **SIZE),
        write_run("inswapper_128", measure("size_mb", None, note="none"), measure("fp32_mb", 554.0), **SIZE),
    )
    (table,) = filled("table4", *runs)
    found = cells(table)
    assert list(found)[:6] == list(LAYOUTS["table4"].rows)
    assert found["Ours (PyTorch)"] == ["10.2 + 4.9"]
    assert found["Ours (CoreML)"] == ["15.0"]
    assert found["inswapper_128"] == ["554.0"]
    assert found["SimSwap (PyTorch)"] == ["-"]


def test_the_ablation_takes_sizes_from_the_file_of_the_training(write_run, measure, tmp_path):
    run = write_run("hourglass", measure("id_retrieval", 34.4), measure("fid", 39.1))
    (tmp_path / "ablation.csv").write_text(
        "variant,metric,value\nhourglass,parameters,3\nhourglass,file_bytes,12400000\n"
    )
    (table,) = filled("ablation", run, beside=read_sizes([tmp_path]))
    assert cells(table)["HG"] == ["34.40", "-", "-", "39.10", "12.4"]
    assert list(cells(table)) == ["Wide", "Shallow", "NoFuse", "HG", "Baseline"]


def test_what_cannot_be_filled_is_said(quality):
    folder = quality("a", 1, 1, 1)
    with pytest.raises(
        ConfigError, match="the paper has no table 'table5'; known: table1, table2, table3, table4, abl"
    ):
        filled("table5", folder)
    with pytest.raises(ConfigError, match="table4 is filled by runs of size, and there is none"):
        filled("table4", folder)


def test_parquet_holds_what_the_csv_holds_with_types(write_run, measure, tmp_path):
    runs = load_runs(
        [write_run("a", measure("pose_error", 1.5, 1.0, 2.0)), write_run("b", measure("pose_error", None))]
    )
    files = write_reports(runs.runs, tmp_path / "out")
    table = pyarrow.parquet.read_table(files["parquet"])
    assert table.column_names == files["csv"].read_text().splitlines()[0].split(",")
    assert table["value"].to_pylist() == [1.5, None]
    assert table["is_control"].to_pylist() == [False, False]
    assert table["n"].to_pylist() == [4, 4]
