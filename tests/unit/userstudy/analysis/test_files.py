import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from fsbench.reports.page import SCRIPT
from fsbench.userstudy.analysis.figures import contrast_figures, means_figures, shares_figures
from fsbench.userstudy.analysis.files import ANALYSIS_COLUMNS, RATER_COLUMNS, analysis_texts, write_analysis
from fsbench.userstudy.analysis.findings import analyse
from fsbench.userstudy.analysis.votes import Study, read_study

NASTY = "a_b & c% <b>"


@pytest.fixture(scope="module")
def small(small_study):
    return analyse(small_study, draws=100)


@pytest.fixture(scope="module")
def texts(small):
    return analysis_texts(small)


def lines(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_equal_votes_give_equal_bytes(small_study, small, texts, tmp_path):
    files = write_analysis(analyse(small_study, draws=100), tmp_path)
    assert {ending: file.read_text(encoding="utf-8") for ending, file in files.items()} == texts


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_exported_votes_give_the_same_report_when_they_are_read_again(small_study, texts, tmp_path, ending):
    (tmp_path / "study.json").write_text(small_study.spec.text(), encoding="utf-8")
    if ending == "csv":
        small_study.votes.to_csv(tmp_path / "votes.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S%z")
    else:
        small_study.votes.to_parquet(tmp_path / "votes.parquet")
    assert analysis_texts(analyse(read_study(tmp_path), draws=100)) == texts


def test_the_csv_has_every_mean_with_its_interval_in_full_digits(small, texts):
    found = lines(texts["csv"])
    assert tuple(found[0]) == ANALYSIS_COLUMNS
    score = small.everyone.score("Ours", "identity")
    (line,) = [
        row
        for row in found
        if (row["selection"], row["statistic"], row["question"], row["name"])
        == ("all raters", "mean", "identity", "Ours")
    ]
    assert float(line["value"]) == score.mean
    assert (float(line["low"]), float(line["high"]), int(line["n"])) == (
        score.interval.low,
        score.interval.high,
        score.n,
    )


def test_json_holds_the_lines_of_both_csv_files(texts):
    content = json.loads(texts["json"])
    assert len(content["numbers"]) == len(lines(texts["csv"]))
    assert [list(rater) for rater in content["raters"]] == [list(RATER_COLUMNS)] * 6
    assert sum(rater["excluded"] for rater in content["raters"]) == 1


class Page(HTMLParser):
    """Collects tags; complains of tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "line", "path", "circle", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_fetches_nothing_runs_nothing_and_every_figure_has_words(texts):
    page = Page(texts["html"])
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "form", "img"}
    assert [tag for tag, _ in page.tags].count("script") == texts["html"].count(SCRIPT.read_text()) == 1  # sorts tables
    assert not [key for _, found in page.tags for key in found if key.startswith("on") or key in ("src", "href")]
    figures = [found for tag, found in page.tags if tag == "svg" and "aria-hidden" not in found]
    assert len(figures) == 9
    assert all(found["role"] == "img" and "Ours" in found["aria-label"] for found in figures)
    assert "default-src &#39;none&#39;" in texts["html"]
    assert len(texts["html"]) < 200_000


def test_a_name_with_signs_of_markup_stays_text_in_every_format(small_study):
    methods = {"DeepFakes": NASTY}
    votes = small_study.votes.assign(method=small_study.votes["method"].replace(methods))
    spec = small_study.spec.model_copy(
        update={
            "title": "=1+1 <script>alert(1)</script>",
            "methods": tuple(
                method.model_copy(update={"name": methods.get(method.name, method.name)})
                for method in small_study.spec.methods
            ),
        }
    )
    texts = analysis_texts(analyse(Study(spec, votes), draws=100))
    assert texts["html"].count("<script>") == texts["html"].count(SCRIPT.read_text()) == 1
    assert "<b>" not in texts["html"]
    assert "a_b &amp; c% &lt;b&gt;" in texts["html"]
    assert r"a\_b \& c\% \textless{}b\textgreater{}" in texts["tex"]
    assert "<script>" not in texts["md"]
    assert {row["name"] for row in lines(texts["csv"]) if row["statistic"] == "mean"} >= {NASTY}


def test_single_raters_are_left_to_the_files_that_are_no_paper(texts):
    assert "never took place: raters" in texts["md"] and "never took place: raters" in texts["html"].replace(
        "&#39;", "'"
    )
    assert "never took place: raters" not in texts["tex"]
    assert texts["tex"].count(r"\begin{table}") == texts["md"].count("### ") - 1


def test_parts_of_a_bar_fill_it_in_the_order_of_the_scores(small):
    for figure in shares_figures(small, small.everyone):
        assert len(figure.bars) == 3
        for bar in figure.bars:
            assert [part.score for part in bar.parts] == [0, 1, 2, 3, 4, 5]
            assert sum(part.width for part in bar.parts) == pytest.approx(figure.width, abs=0.1)
            assert all(
                a.x + a.width == pytest.approx(b.x, abs=0.02) for a, b in zip(bar.parts, bar.parts[1:], strict=False)
            )


def test_a_clear_difference_is_drawn_otherwise_than_an_unclear_one(small):
    (realism, *_) = contrast_figures(small.everyone)
    unclear = {point.label for point in realism.points if point.is_control}
    verdicts = {
        f"{found.method} less {found.reference}"
        for found in small.everyone.contrasts
        if found.question == "realism" and found.verdict == "no clear difference"
    }
    assert unclear == verdicts and "FaceShifter less Ours" in unclear


def test_a_line_marks_no_difference_where_the_plot_holds_it(small):
    for plot in contrast_figures(small.everyone):
        at_zero = [x for x, text in plot.ticks if float(text) == 0]
        assert plot.zero == (at_zero[0] if at_zero else None)
    assert [plot.zero for plot in means_figures(small, small.everyone)] == [None] * 3


def test_the_figure_of_means_says_what_the_table_says(small):
    (realism, *_) = means_figures(small, small.everyone)
    score = small.everyone.score("Ours", "realism")
    assert f"Ours {score.mean:.2f} [{score.interval.low:.2f}, {score.interval.high:.2f}]" in realism.description
    assert re.fullmatch(r"Realism, mean score ↑", realism.heading)
