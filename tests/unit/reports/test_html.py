import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from fsbench.reports.html import report_html
from fsbench.reports.page import SCRIPT
from fsbench.reports.report import compare_runs
from fsbench.reports.runs import load_runs

JPEG = b"\xff\xd8\xff\xe0 not a whole picture"


class Page(HTMLParser):
    """Collects the tags and the text of a page; complains of tags that do not nest."""

    EMPTY = ("meta", "img", "line", "path", "circle", "br")

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(*folders, problems=()):
    return Page(report_html(compare_runs(load_runs(folders).runs), problems=problems))


def test_the_page_fetches_nothing_and_runs_nothing_but_its_own_script(write_run, measure):
    page = page_of(write_run("landmark", measure("pose_error", 1.0)))
    names = {name for name, _ in page.tags}
    assert not names & {"link", "iframe", "object", "form"}
    assert page.all("script") == [{}]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.read_bytes()).digest()).decode()
    policies = [found["content"] for found in page.all("meta") if "http-equiv" in found]
    assert policies == [f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"]
    links = [value for _, found in page.tags for key, value in found.items() if key in ("src", "href")]
    assert all(value.startswith(("data:", "#")) for value in links)
    assert not [key for _, found in page.tags for key in found if key.startswith("on")]


def test_markup_in_any_text_of_a_run_stays_text(write_run, measure):
    evil = "<script>alert(1)</script>\"'"
    folder = write_run(
        "landmark",
        measure("pose_error", 1.0, note=evil, title=evil),
        args={"path": evil},
        samples={"key": [evil, "b", "c", "d"], "source_id": [evil] * 4, "pose_error": [1.0, 2.0, 3.0, 4.0]},
        failures=[(evil, evil, evil)],
        title=evil,
        explanation=(evil,),
        warnings=(evil,),
        definition={evil: evil},
        provenance={"command": evil, "machine": evil},
    )
    page = page_of(folder, problems=[evil])
    assert page.all("script") == [{}]  # our own
    assert page.text.count("<script>alert(1)</script>") >= 12


def test_pictures_are_embedded_with_words_for_those_who_do_not_see_them(write_run, measure):
    folder = write_run(
        "landmark",
        measure("pose_error", 2.5),
        samples={
            "key": ["0_1/f1", "b"],
            "source_id": ["s1", "s2"],
            "target_id": ["t1", "t2"],
            "pose_error": [9.0, 1.0],
        },
    )
    (folder / "strips").mkdir()
    (folder / "strips" / "0_1_f1.jpg").write_bytes(JPEG)
    page = page_of(folder)
    (picture,) = page.all("img")
    assert base64.b64decode(picture["src"].removeprefix("data:image/jpeg;base64,")) == JPEG
    assert picture["alt"] == "Source s1, target t1, and the result, side by side"
    assert "9.00 0_1/f1 source s1, target t1" in page.text
    assert "the run kept no picture of this pair" in page.text  # of pair b
    assert page.text.index("9.00 0_1/f1") < page.text.index("1.00 b ")  # the worst comes first


def test_a_file_that_is_no_jpeg_is_not_embedded(write_run, measure):
    folder = write_run("landmark", measure("pose_error", 2.5), samples={"key": ["a"], "pose_error": [9.0]})
    (folder / "strips").mkdir()
    (folder / "strips" / "a.jpg").write_bytes(b"<svg onload=...>")
    page = page_of(folder)
    assert page.all("img") == []
    assert "a.jpg is no JPEG" in page.text


def test_among_equal_values_those_with_a_picture_are_shown(write_run, measure):
    keys = [f"p{i}" for i in range(8)]
    folder = write_run(
        "landmark", measure("id_retrieval", 50.0), samples={"key": keys, "id_retrieval": [0.0] * 4 + [1.0] * 4}
    )
    (folder / "strips").mkdir()
    for key in ("p3", "p7"):
        (folder / "strips" / f"{key}.jpg").write_bytes(JPEG)
    assert len(page_of(folder).all("img")) == 2


@pytest.mark.parametrize("name", ["samples.parquet", "failures.csv"])
def test_a_run_folder_that_lacks_a_file_still_gets_its_page_and_says_so(write_run, measure, name):
    folder = write_run("landmark", measure("pose_error", 2.5))
    (folder / name).unlink()
    assert f"{name} is not there" in page_of(folder).text


def test_failures_are_counted_by_stage_and_the_first_fifty_shown(write_run, measure):
    failures = [(f"k{i:02d}", "detect" if i < 40 else "verify", "no face") for i in range(60)]
    page = page_of(write_run("landmark", measure("pose_error", 2.5), failures=failures))
    assert "40 at detect, 20 at verify" in page.text
    assert "k49" in page.text and "k50" not in page.text


def test_plots_say_their_numbers_in_words(write_run, measure):
    page = page_of(
        write_run("a", measure("pose_error", 2.5, 2.0, 3.0)),
        write_run("b", measure("pose_error", 1.5), is_control=True),
    )
    (plot,) = page.all("svg")
    assert plot["role"] == "img"
    assert plot["aria-label"] == "Pose error, deg ↓: a 2.50 [2.00, 3.00]; b 1.50"


def test_runs_that_may_not_be_compared_stand_in_tables_of_their_own(write_run, measure):
    page = page_of(
        write_run("a", measure("pose_error", 2.5)),
        write_run("b", measure("pose_error", 1.5), title="Other videos", provenance={"data_digest": "e" * 12}),
    )
    assert [found["id"] for found in page.all("section")] == ["table-1", "table-2"]
    assert "what differs: data (dddddddddddd / eeeeeeeeeeee)" in page.text
    assert {"href": "#table-2"} in page.all("a")


def test_what_could_not_be_read_is_said_on_the_page(write_run, measure):
    page = page_of(write_run("a", measure("pose_error", 2.5)), problems=["runs/x/result.json is broken"])
    assert "runs/x/result.json is broken" in page.text
