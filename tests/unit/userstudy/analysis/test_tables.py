"""What the tables say. The numbers of the seed table are those that the paper on MobileFSGAN prints."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fsbench.reports.latex import latex
from fsbench.reports.markdown import markdown
from fsbench.reports.terminal import terminal_text
from fsbench.userstudy.analysis.findings import analyse
from fsbench.userstudy.analysis.page import all_tables
from fsbench.userstudy.analysis.rater_tables import agreement_table, gold_table, raters_table, variance_table
from fsbench.userstudy.analysis.tables import contrasts_table, correlation_table, scores_table, shares_table
from fsbench.userstudy.analysis.tables import title as title_of
from fsbench.userstudy.analysis.votes import Study, checked
from fsbench.userstudy.spec import QUESTIONS

PUBLISHED = {"MegaFS": (2.49, 2.18, 2.01), "SimSwap": (3.31, 2.59, 3.81), "Ours": (3.38, 2.77, 3.53)}


def votes_with_means(published):
    """Eighteen raters, 40 sets each of 240; the scores of a cell are the whole numbers on both sides of its mean."""
    visits = [(rater, place, f"set {(rater * 40 + place) % 240:03d}") for rater in range(18) for place in range(40)]
    rows = []
    for slot, (method, means) in enumerate(published.items()):
        for question, mean in zip(QUESTIONS, means, strict=True):
            low, total = int(mean), round(mean * 720)
            scores = np.full(720, low)
            scores[np.random.default_rng(slot).permutation(720)[: total - 720 * low]] += 1
            rows += [
                (rater + 1, name, "main", place, slot, method, question, score)
                for (rater, place, name), score in zip(visits, scores, strict=True)
            ]
    names = ["rater", "set", "kind", "position", "slot", "method", "question", "score"]
    absent = dict.fromkeys(["expect_low", "expect_high", "repeat_of", "shown_at", "at"])
    return checked(pd.DataFrame(rows, columns=names).assign(**absent), where="the fixture")


@pytest.fixture(scope="module")
def paper(spec):
    return analyse(Study(spec(list(PUBLISHED)), votes_with_means(PUBLISHED)), draws=100)


@pytest.fixture(scope="module")
def small(small_study):
    return analyse(small_study, draws=100)


def cells(table, section=0):
    return {row.label: [(cell.text, cell.mark) for cell in row.cells] for row in table.sections[section].rows}


def test_the_paper_s_table_comes_out_to_two_digits_with_best_and_second(paper):
    assert cells(scores_table(paper, paper.everyone)) == {
        "MegaFS": [("2.49", ""), ("2.18", ""), ("2.01", "")],
        "SimSwap": [("3.31", "second"), ("2.59", "second"), ("3.81", "best")],
        "Ours": [("3.38", "best"), ("2.77", "best"), ("3.53", "second")],
    }


def test_the_data_stand_in_the_title_once(paper):
    for title, data, expected in (
        ("Rating", "the mini set", "Rating (the mini set): shares"),
        ("Rating (the mini set)", "the mini set", "Rating (the mini set): shares"),
        ("Rating", "", "Rating: shares"),
    ):
        spec = paper.spec.model_copy(update={"title": title, "data": data})
        assert title_of(replace(paper, spec=spec), "shares") == expected


def test_bold_and_underline_reach_every_format(paper):
    table = scores_table(paper, paper.everyone)
    assert r"\textbf{3.38}" in latex(table) and r"\underline{3.31}" in latex(table)
    assert "**3.38**" in markdown(table) and "<ins>3.31</ins>" in markdown(table)
    assert "*3.38*" in terminal_text(table, width=120)


def test_means_that_read_as_equal_share_their_mark(spec):
    votes = votes_with_means({"one": (3.381, 2, 2), "two": (3.379, 3, 3), "three": (3, 4, 3)})
    found = analyse(Study(spec(["one", "two", "three"]), votes), draws=100)
    assert cells(scores_table(found, found.everyone)) == {
        "one": [("3.38", "best"), ("2.00", ""), ("2.00", "second")],
        "two": [("3.38", "best"), ("3.00", "second"), ("3.00", "best")],
        "three": [("3.00", "second"), ("4.00", "best"), ("3.00", "best")],
    }


def test_a_best_that_is_not_clearly_better_says_so(small):
    table = scores_table(small, small.everyone)
    (contrast,) = [
        found
        for found in small.everyone.contrasts
        if found.question == "realism" and {found.method, found.reference} == {"Ours", "FaceShifter"}
    ]
    assert contrast.verdict == "no clear difference"
    assert any("not clearly better" in text for _, text in table.notes)


def test_screened_and_all_are_both_shown_where_someone_is_excluded(small, paper):
    titles = [table.title for table in all_tables(small)]
    assert sum("mean scores, screened raters" in title for title in titles) == 1
    assert sum("mean scores, all raters" in title for title in titles) == 1
    assert len(small.excluded) == 1
    assert [title for title in (table.title for table in all_tables(paper)) if "screened" in title] == []


def test_who_is_excluded_and_why_stands_under_the_table(small):
    feet = " ".join(scores_table(small, small.best).feet)
    (excluded,) = small.excluded
    assert f"rater {excluded.rater.ordinal} ({', '.join(excluded.reasons)})" in feet
    assert "5 raters" in feet and "no scale of the ITU" in feet and "gold items passed >= 0.50" in feet


def test_gold_items_show_the_ends_of_the_scale_apart_from_the_ranking(small):
    sections = scores_table(small, small.everyone).sections
    assert [section.muted for section in sections] == [False, True, True]
    assert {row.label for row in sections[2].rows} == {
        f"{name}, shown as a result" for name in ("target", "source", "broken")
    }
    assert all(cell.mark == "" for section in sections[1:] for row in section.rows for cell in row.cells)


def test_differences_have_a_section_a_question_with_tests_and_verdict(small):
    table = contrasts_table(small, small.everyone)
    assert [section.title.split(" (")[0] for section in table.sections] == ["Realism", "Identity", "Attributes"]
    assert all("Friedman" in section.title for section in table.sections)
    assert [row.label for row in table.sections[0].rows] == [
        "DeepFakes less FaceShifter",
        "DeepFakes less Ours",
        "FaceShifter less Ours",
    ]


def test_what_was_reached_stands_beside_what_was_expected(small):
    """6 raters x 20 sets of 40: t(.975, 5) = 2.5706 times the root of 2 * (.04 / 6 + .2025 / 40 + .8933 / 120)."""
    widths = [found.estimate.half_width for found in small.everyone.contrasts]
    expected = 2.5706 * (2 * (0.04 / 6 + 0.2025 / 40 + (0.81 + 1 / 12) / 120)) ** 0.5
    assert contrasts_table(small, small.everyone).feet[-1] == (
        f"Half-widths: +-{expected:.2f} was expected of the study as planned;"
        f" from +-{min(widths):.2f} to +-{max(widths):.2f} was reached."
    )


def test_shares_of_a_method_add_up_to_all_votes(small):
    for section in shares_table(small, small.everyone).sections:
        for row in section.rows:
            assert sum(float(cell.text) for cell in row.cells[:6]) == pytest.approx(100, abs=0.4)


def test_every_rater_is_listed_once_with_the_broken_rules(small):
    table = raters_table(small)
    assert sorted(row.label for section in table.sections for row in section.rows) == list("123456")
    (row,) = table.sections[1].rows
    assert row.cells[-1].text != "-"


def test_tables_that_would_be_empty_are_left_out(paper):
    assert gold_table(paper) is None
    assert correlation_table(paper) is None
    assert agreement_table(paper, paper.everyone).sections[0].rows[0].cells[2].text == "-"
    assert variance_table(paper, paper.everyone) is not None


def test_a_study_of_one_rater_has_means_and_no_interval(spec, simulate, model):
    votes, _ = simulate(model(), raters=1, per_rater=5, sets=5)
    found = analyse(Study(spec(["DeepFakes", "FaceShifter", "Ours"]), checked(votes, where="x")), draws=100)
    rows = scores_table(found, found.everyone).sections[0].rows
    assert all(cell.text != "-" and cell.interval == "" for row in rows for cell in row.cells)
    assert all(contrast.verdict == "too few to tell" for contrast in found.everyone.contrasts)
    assert [terminal_text(table) for table in all_tables(found)]


def test_when_everyone_breaks_a_rule_only_the_table_of_all_is_left_and_says_so(spec, small_study):
    from fsbench.userstudy.spec import Screening

    strict = spec(["DeepFakes", "FaceShifter", "Ours"], screening=Screening(min_correlation=1.0))
    found = analyse(Study(strict, small_study.votes), draws=100)
    assert found.screened is None
    assert "No rater is left after screening" in " ".join(scores_table(found, found.best).feet)


def test_numbers_of_an_open_study_say_in_every_title_that_they_are_interim(small_study):
    found = analyse(replace(small_study, is_interim=True), draws=100)
    assert all(", interim: " in table.title for table in all_tables(found))
    assert "interim numbers" in found.remarks[0]
