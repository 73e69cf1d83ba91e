"""A comparison for other programs: JSON, JUnit XML, and the two files that github-action-benchmark reads."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fsbench.data.frames import write_atomically
from fsbench.records import Measurement
from fsbench.reports.compare import Compared, SwapperVerdicts
from fsbench.reports.compare_markdown import compare_markdown
from fsbench.reports.compare_match import shown_label
from fsbench.reports.compare_verdict import REGRESSIONS, Judged
from fsbench.reports.comparison import value_digits
from fsbench.reports.runs import Run
from fsbench.reports.tables import interval, number, one_line

BENCHMARK_FILES = {"higher": "benchmark.bigger.json", "lower": "benchmark.smaller.json"}


def write_comparison(compared: Compared, new: Sequence[Run], folder: Path) -> list[Path]:
    """Write compare.md, compare.json, compare.xml and the benchmark files; equal input gives equal bytes."""
    texts = {
        "compare.md": compare_markdown(compared),
        "compare.json": compare_json(compared),
        "compare.xml": junit_xml(compared),
        **{file: benchmark_json(new, better) for better, file in BENCHMARK_FILES.items()},
    }
    for name, text in texts.items():
        write_atomically(folder / name, text.encode())
    return [folder / name for name in texts]


def compare_json(compared: Compared) -> str:
    """Write the comparison with all its digits, settings and both provenances."""
    return compared.model_dump_json(indent=2) + "\n"


def benchmark_json(runs: Sequence[Run], better: str) -> str:
    """Write the values of runs as github-action-benchmark wants them: one file for each direction."""
    entries = [
        _benchmark_entry(run, found)
        for run in runs
        if not run.is_control
        for found in run.result.measurements
        if found.better == better and found.value is not None
    ]
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _benchmark_entry(run: Run, found: Measurement) -> dict[str, Any]:
    name = f"{run.result.config.protocol} {shown_label(run)}: {found.title}"
    entry: dict[str, Any] = {"name": one_line(name), "unit": found.unit or "-", "value": found.value}
    if found.value is not None and found.low is not None and found.high is not None:
        digits = value_digits(found.metric)
        entry["range"] = f"± {number(max(found.high - found.value, found.value - found.low), digits)}"
    return {**entry, "extra": f"n = {found.n}, {found.n_failed} failed, definition {found.definition}"}


def junit_xml(compared: Compared) -> str:
    """Write a test suite for each swapper and a test for each metric; what is unsure counts as skipped."""
    root = ElementTree.Element("testsuites", name=f"fsbench compare {compared.name}")
    for found in compared.judged:
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(f"{found.protocol} {found.label}"))
        if found.state:
            _test(suite, found, "all", found.state, found.reason)
        for judged in found.metrics:
            _test(suite, found, judged.title, judged.verdict, _detail(judged))
        _count(suite)
    for problem in compared.problems:
        suite = ElementTree.SubElement(root, "testsuite", name="runs that cannot be read")
        test = ElementTree.SubElement(suite, "testcase", name=_xml(problem), classname="fsbench.compare")
        ElementTree.SubElement(test, "error", message=_xml(problem))
        _count(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _test(suite: ElementTree.Element, found: SwapperVerdicts, name: str, verdict: str, detail: str) -> None:
    classname = f"fsbench.{found.protocol}.{found.label}"
    test = ElementTree.SubElement(suite, "testcase", name=_xml(name), classname=_xml(classname))
    kind = "failure" if verdict in REGRESSIONS else {"not comparable": "error", "unsure": "skipped"}.get(verdict)
    message = _xml(f"{verdict}: {detail}" if detail else verdict)
    if kind is not None:
        ElementTree.SubElement(test, kind, message=message)
    else:
        ElementTree.SubElement(test, "system-out").text = message


def _count(suite: ElementTree.Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for plural, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(plural, str(len(suite.findall(f"testcase/{kind}"))))


def _detail(judged: Judged) -> str:
    digits = value_digits(judged.metric)
    old, new = ("-" if value is None else number(value, digits) for value in (judged.old, judged.new))
    change = "" if judged.difference is None else f", difference {number(judged.difference, digits, signed=True)}"
    bounds = interval(judged.low, judged.high, digits, signed=True)
    margin = "" if judged.margin is None else f", margin {number(judged.margin, digits)}"
    note = f"; {judged.note}" if judged.note else ""
    return f"{old} -> {new}{change} {bounds}".rstrip() + margin + note


def _xml(text: str) -> str:
    return one_line(text)  # without control characters, which no XML may hold
