import re

from fsbench.reports.leaderboard import leaderboard_html, write_leaderboard
from fsbench.reports.runs import load_runs

OTHER = {"definition": {"frames": "9"}, "definition_digest": "ba9876543210", "config": {"suite": "paper"}}


def test_each_row_leads_to_a_page_of_its_run_and_back(write_run, measure, tmp_path):
    runs = load_runs(
        [
            write_run("a", measure("pose_error", 1.0)),
            write_run("b/<b>", measure("pose_error", 2.0)),
            write_run("a", measure("pose_error", 3.0), folder="bbbbbbbbbbbb", **OTHER),
        ]
    ).runs
    index, *pages = write_leaderboard(runs, tmp_path / "site", title="Ours & theirs")
    text = index.read_text()
    links = re.findall(r'<th scope="row"><a href="([^"]+)">', text)
    assert sorted(tmp_path / "site" / link for link in links) == sorted(pages)
    assert len(set(links)) == 3
    for page in pages:
        assert '<a href="../index.html">All tables</a>' in page.read_text()
    assert "<h1>Ours &amp; theirs</h1>" in text and "<b>" not in text.replace("<b>Left out", "")


def test_runs_of_other_definitions_are_never_ranked_together(write_run, measure):
    folders = [write_run("a", measure("pose_error", 1.0)), write_run("b", measure("pose_error", 2.0), **OTHER)]
    text = leaderboard_html(load_runs(folders).runs)
    assert text.count("<table") == 2
    assert "<strong>" not in text.replace("<strong>best", "")
    assert 'data-suite="paper"' in text and 'data-suite="offline"' in text
    assert "Not comparable with the first table; what differs: definition (frames: 2 / 9" in text


def test_a_copy_of_a_run_counts_once(write_run, measure, tmp_path):
    import shutil

    folder = write_run("a", measure("pose_error", 1.0))
    shutil.copytree(folder, tmp_path / "copies" / folder.name)
    runs = load_runs([folder, tmp_path / "copies"]).runs
    assert len(runs) == 2
    assert leaderboard_html(runs).count('<th scope="row">') == 1


def test_one_unreadable_run_is_named_and_the_others_stand(write_run, measure):
    text = leaderboard_html(load_runs([write_run("a", measure("pose_error", 1.0))]).runs, problems=["x <is> gone"])
    assert "x &lt;is&gt; gone" in text
