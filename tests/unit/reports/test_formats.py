import csv
import io
import json

import pytest

from fsbench.reports import formats, latex, markdown
from fsbench.reports.report import compare_runs
from fsbench.reports.runs import load_runs
from fsbench.reports.tables import heading_lines
from fsbench.reports.terminal import print_table, terminal_text
from fsbench.reports.tidy import results_csv, results_json

MARKDOWN = """\
### Two videos

| Swapper | ID retrieval, % ↑ | Pose error, deg ↓ |
| --- | ---: | ---: |
| landmark | <ins>50.00</ins><sup>a</sup> \\[25.00, 75.00\\] | -<sup>b,c</sup> |
| other\\[blend=a\\|b\\_c\\] | **75.00** \\[50.00, 100.00\\] | 2.50 \\[2.00, 3.00\\] |
| *Controls* |  |  |
| *copy-target* | 0.00 \\[0.00, 0.00\\] | 0.00 \\[0.00, 0.00\\] |

- Marks: **best**, <ins>second</ins>.
- <sup>a</sup> landmark: 1 failed, n = 4
- <sup>b</sup> no pose
- <sup>c</sup> landmark: 4 failed, n = 0
- n = 4 unless a note says otherwise.
- Brackets: 95 % intervals.
- Controls are no swappers: they show the ends of each scale and take no part in the ranking.
- Definition 0123456789ab, protocol ff++ version 1: frames=2, policy=miss.
- Networks that measure: identity dlib-resnet\\@1.
"""

LATEX = r"""% needs \usepackage{booktabs}
\begin{table}
\centering
\small
\setlength{\tabcolsep}{4pt}
\caption{Two videos}
\begin{tabular}{lrr}
\toprule
Swapper & ID retrieval, \% $\uparrow$ & Pose error, deg $\downarrow$ \\
\midrule
landmark & \underline{50.00}\textsuperscript{a} & -\textsuperscript{b,c} \\
 & {\scriptsize {[}25.00, 75.00{]}} & \\
other{[}blend=a\textbar{}b\_c{]} & \textbf{75.00} & 2.50 \\
 & {\scriptsize {[}50.00, 100.00{]}} & {\scriptsize {[}2.00, 3.00{]}} \\
\midrule
\multicolumn{3}{l}{\textit{Controls}} \\
copy-target & 0.00 & 0.00 \\
 & {\scriptsize {[}0.00, 0.00{]}} & {\scriptsize {[}0.00, 0.00{]}} \\
\bottomrule
\end{tabular}
"""

TERMINAL = """\
Two videos

Swapper             ID retrieval, % ↑  Pose error, deg ↓
────────────────────────────────────────────────────────
landmark                  _50.00_ (a)            - (b,c)
                       [25.00, 75.00]
other[blend=a|b_c]            *75.00*               2.50
                      [50.00, 100.00]       [2.00, 3.00]

Controls
copy-target                      0.00               0.00
                         [0.00, 0.00]       [0.00, 0.00]

Marks: *best*, _second_
"""


@pytest.fixture
def runs(write_run, measure):
    folders = [
        write_run(
            "landmark",
            measure("id_retrieval", 50.0, 25.0, 75.0, n_failed=1),
            measure("pose_error", None, n=0, n_failed=4, note="no pose"),
        ),
        write_run(
            "other",
            measure("id_retrieval", 75.0, 50.0, 100.0),
            measure("pose_error", 2.5, 2.0, 3.0),
            args={"blend": "a|b_c"},
        ),
        write_run(
            "copy-target",
            measure("id_retrieval", 0.0, 0.0, 0.0),
            measure("pose_error", -0.0, 0.0, 0.0),
            is_control=True,
        ),
    ]
    return load_runs(folders).runs


@pytest.fixture
def table(runs):
    return compare_runs(runs)[0].table


def test_markdown_is_this_text(table):
    assert markdown.markdown(table) == MARKDOWN


def test_latex_begins_with_this_text(table):
    assert latex.latex(table)[: len(LATEX)] == LATEX


def test_the_terminal_shows_this_text(table):
    shown = terminal_text(table, width=80)
    assert shown[: len(TERMINAL)] == TERMINAL


def test_latex_with_many_columns_goes_on_in_a_second_block(write_run, measure):
    metrics = ["id_retrieval", "id_retrieval_top5", "id_similarity", "target_leakage", "pose_error", "fid"]
    folder = write_run("landmark", *(measure(name, 0.5, 0.25, 0.75) for name in metrics))
    text = latex.latex(compare_runs(load_runs([folder]).runs)[0].table)
    assert [text.count(rf"\begin{{tabular}}{{{spec}}}") for spec in ("lrrrr", "lrr")] == [1, 1]
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 1


def test_a_heading_keeps_its_arrow_and_its_long_words_whole():
    assert heading_lines("FD-EfficientNet-Lite0-pooled, x1000 ↓", 18) == ["FD-EfficientNet-Lite0-pooled,", "x1000 ↓"]
    assert heading_lines("ID retrieval, top 5, % ↑", 22) == ["ID retrieval, top 5,", "% ↑"]


@pytest.mark.parametrize("width", [40, 80, 100])
def test_a_terminal_table_keeps_to_its_width_and_shows_every_column_once(write_run, measure, width):
    metrics = ["id_retrieval", "id_retrieval_top5", "id_similarity", "target_leakage", "pose_error", "fid"]
    folder = write_run("landmark", *(measure(name, 0.5, 0.25, 0.75) for name in metrics))
    shown = terminal_text(compare_runs(load_runs([folder]).runs)[0].table, width=width)
    assert max(len(line) for line in shown.splitlines()) <= width
    assert shown.count("[0.5000, 0.7500]") + shown.count("[0.2500, 0.7500]") + shown.count("[0.25, 0.75]") == 6


def test_a_terminal_without_unicode_gets_words_for_arrows(table):
    from rich.console import Console

    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    print_table(table, Console(file=file, width=80))
    file.flush()
    assert "(up)" in raw.getvalue().decode("ascii")


def test_a_real_terminal_gets_bold_and_underline_in_place_of_signs(table):
    from rich.console import Console

    file = io.StringIO()
    print_table(table, Console(file=file, width=80, force_terminal=True, color_system="standard", legacy_windows=False))
    assert "\x1b[1m75.00\x1b[0m" in file.getvalue()
    assert "\x1b[4m50.00\x1b[0m" in file.getvalue()
    assert "*75.00*" not in file.getvalue()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("[x](http://y)", r"\[x\](http:\//y)"),
        ("<script>&amp;", r"\<script\>&amp;amp;"),
        ("a|b`c`", r"a\|b\`c\`"),
    ],
)
def test_markdown_takes_names_literally(text, expected):
    assert markdown.escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50 % & #1_a", r"50 \% \& \#1\_a"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("a^b~c$", r"a\textasciicircum{}b\textasciitilde{}c\$"),
        ("[1] *", "{[}1{]} {*}"),
        ("<b>", r"\textless{}b\textgreater{}"),
    ],
)
def test_latex_takes_names_literally(text, expected):
    assert latex.escape(text) == expected


def test_csv_has_one_line_a_swapper_and_metric_with_full_digits_and_empty_for_absent(runs):
    lines = list(csv.DictReader(io.StringIO(results_csv([found.group for found in compare_runs(runs)]))))
    assert [(line["swapper"], line["metric"], line["value"], line["low"]) for line in lines[:4]] == [
        ("landmark", "id_retrieval", "50.0", "25.0"),
        ("landmark", "pose_error", "", ""),
        ("other[blend=a|b_c]", "id_retrieval", "75.0", "50.0"),
        ("other[blend=a|b_c]", "pose_error", "2.5", "2.0"),
    ]
    assert lines[1]["n_failed"] == "4"
    assert lines[0]["evaluators"] == "identity dlib-resnet@1"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t="])
def test_no_name_in_csv_is_a_formula_while_negative_numbers_stay_numbers(write_run, measure, start):
    folder = write_run(f"{start}1+1", measure("id_similarity", -0.25))
    (found,) = compare_runs(load_runs([folder]).runs)
    (line,) = csv.DictReader(io.StringIO(results_csv([found.group])))
    assert line["swapper"] == f"'{start.strip()}1+1"
    assert line["value"] == "-0.25"


def test_control_characters_of_a_name_reach_no_format(write_run, measure):
    folder = write_run("a\x1b[31m\nb\u202e", measure("pose_error", 1.0), title="x\x07")
    runs = load_runs([folder]).runs
    texts = formats.report_texts(runs, compare_runs(runs))
    for text in (
        *(texts[ending] for ending in ("html", "md", "tex", "csv")),
        terminal_text(compare_runs(runs)[0].table),
    ):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_json_is_an_array_of_results(runs):
    found = json.loads(results_json(runs))
    assert [result["swapper"]["name"] for result in found] == ["landmark", "other", "copy-target"]
    assert found[0]["measurements"][1]["value"] is None


def test_reports_are_written_in_every_format_and_the_same_again(write_run, measure, tmp_path):
    values = {"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 3.0, 4.0, 6.0]}
    folders = [
        write_run(name, measure("pose_error", 2.5), samples={"pose_error": column}) for name, column in values.items()
    ]
    runs = load_runs(folders).runs
    files = formats.write_reports(runs, tmp_path / "out", stem="table")
    assert {ending: file.name for ending, file in files.items()} == {
        ending: f"table.{ending}" for ending in ("html", "md", "tex", "csv", "json", "paired.csv", "parquet")
    }
    first = {ending: file.read_bytes() for ending, file in files.items()}
    again = formats.write_reports(load_runs(folders).runs, tmp_path / "again", stem="table")
    assert {ending: file.read_bytes() for ending, file in again.items()} == first
    assert b"the same pairs for every swapper" in first["md"] and b"the same pairs for every swapper" in first["tex"]
