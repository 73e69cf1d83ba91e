"""A comparison as the comment of a pull request: a tag on line 1, what matters, and the rest folded."""

from __future__ import annotations

import re
from collections.abc import Callable

from fsbench.reports.compare import Compared, SwapperVerdicts
from fsbench.reports.compare_table import QUIET, verdict_table
from fsbench.reports.compare_verdict import Judged
from fsbench.reports.comparison import value_digits
from fsbench.reports.markdown import escape, markdown
from fsbench.reports.tables import number

LONGEST = 65_536  # characters that GitHub takes in a comment
SHOW_PAIRS_OF = ("worse", "more failures", "unsure")
CUT = "*This comment was too long: {} left out. compare.json holds everything.*\n"


def comment_tag(name: str) -> str:
    """Give the line by which a job finds its own comment again."""
    return f"<!-- fsbench-compare:{re.sub(r'[^A-Za-z0-9._-]', '-', name)} -->"


def compare_markdown(compared: Compared) -> str:
    """Write the comment, at most 65,536 characters; what does not fit is named and left out, details first."""
    parts = [_full_table(compared), _worse_pairs(compared), _failures(compared), _provenance(compared)]
    names = ["the table of all metrics", "pairs that got worse", "new failures", "where the numbers come from"]
    head = f"{comment_tag(compared.name)}\n{markdown(verdict_table(compared, left_out=QUIET))}"
    for dropped in range(len(parts) + 1):
        kept, gone = parts[: len(parts) - dropped], names[len(parts) - dropped :]
        cut = [CUT.format(", ".join(gone))] if gone else []
        text = "\n".join([head, *(part for part in kept if part), *cut])
        if len(text) <= LONGEST:
            return text
    return _shortened(head)


def _shortened(head: str) -> str:
    """Keep whole lines, as many as fit."""
    note = CUT.format("rows of the table and all details")
    lines, used = [], len(note) + 1
    for line in head.splitlines(keepends=True):
        used += len(line)
        if used > LONGEST:
            break
        lines.append(line)
    return "".join(lines) + f"\n{note}"


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>\n\n{content.rstrip()}\n\n</details>\n" if content else ""


def _full_table(compared: Compared) -> str:
    if not any(judged.verdict in QUIET for found in compared.judged for judged in found.metrics):
        return ""
    lines = markdown(verdict_table(compared)).split("\n")
    table = [line for line in lines if line.startswith(("|", "- <sup>"))]
    rows = [line for line in table if line.startswith("|")]
    notes = [line for line in table if not line.startswith("|")]
    return _folded("All metrics", "\n".join([*rows, "", *notes]))


def _worse_pairs(compared: Compared) -> str:
    return _folded("Pairs that got worse most", _each(compared, _pairs_of))


def _pairs_of(found: SwapperVerdicts) -> str:
    blocks = [_pair_rows(judged) for judged in found.metrics if judged.verdict in SHOW_PAIRS_OF and judged.worse_pairs]
    return "\n\n".join(blocks)


def _pair_rows(judged: Judged) -> str:
    digits = value_digits(judged.metric)
    unit = f", {judged.unit}" if judged.unit else ""
    lines = [f"| {escape(judged.title + unit)} | Old | New |", "| --- | ---: | ---: |"]
    return "\n".join(
        lines
        + [
            f"| {escape(pair.key)} | {number(pair.old, digits)} | {number(pair.new, digits)} |"
            for pair in judged.worse_pairs
        ]
    )


def _failures(compared: Compared) -> str:
    total = sum(found.new_failures_total for found in compared.judged)
    return _folded(f"{total} new failures", _each(compared, _failures_of)) if total else ""


def _failures_of(found: SwapperVerdicts) -> str:
    if not found.new_failures:
        return ""
    lines = ["| Pair | Stage | Reason |", "| --- | --- | --- |"]
    lines += [f"| {escape(one.key)} | {escape(one.stage)} | {escape(one.reason)} |" for one in found.new_failures]
    left = found.new_failures_total - len(found.new_failures)
    return "\n".join([*lines, *([f"\nand {left} more"] if left else [])])


def _provenance(compared: Compared) -> str:
    return _folded("Where the numbers come from", _each(compared, _sides_of))


def _sides_of(found: SwapperVerdicts) -> str:
    lines = [
        "| | fsbench | Commit | Swapper | Definition | Data | Networks |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, side in (("Old", found.old), ("New", found.new)):
        if side is not None:
            made = side.provenance
            commit = made.commit[:12] + (" with changes" if made.dirty else "")
            networks = ", ".join(f"{role} {network}" for role, network in made.evaluators.items())
            versions = (made.fsbench, commit, f"version {side.swapper_version}")
            cells = (*versions, side.definition_digest, made.data_digest[:12], networks)
            lines.append(f"| {name} | {' | '.join(escape(cell) for cell in cells)} |")
    return "\n".join(lines)


def _each(compared: Compared, block: Callable[[SwapperVerdicts], str]) -> str:
    """Write a block for each swapper that has one, under its name."""
    blocks = [(found, text) for found in compared.judged if (text := block(found))]
    return "\n\n".join(f"**{escape(f'{found.protocol}: {found.label}')}**\n\n{text}" for found, text in blocks)
