"""Which runs may stand in one table: the same protocol, definition, data, networks and weights, and nothing less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fsbench.reports.runs import Run


@dataclass(frozen=True)
class Group:
    """Runs whose numbers may be compared, with a label each that is unique in the group."""

    runs: tuple[Run, ...]
    labels: tuple[str, ...]
    apart: str = ""  # why it is not in one table with the first group, in words

    @property
    def ranked(self) -> tuple[tuple[str, Run], ...]:
        """The runs that are no controls, with their labels."""
        return tuple((label, run) for label, run in self.all if not run.is_control)

    @property
    def controls(self) -> tuple[tuple[str, Run], ...]:
        """The controls, with their labels."""
        return tuple((label, run) for label, run in self.all if run.is_control)

    @property
    def all(self) -> tuple[tuple[str, Run], ...]:
        """All runs with their labels."""
        return tuple(zip(self.labels, self.runs, strict=True))


def comparable_groups(runs: Sequence[Run]) -> list[Group]:
    """Sort runs into groups whose numbers mean the same, in the order in which the groups first appear."""
    members: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        members.setdefault(_conditions(run), []).append(run)
    groups: list[Group] = []
    for found in members.values():
        apart = difference(groups[0].runs[0], found[0]) if groups else ""
        groups.append(Group(tuple(found), _unique_labels(found), apart))
    return groups


def difference(one: Run, other: Run) -> str:
    """Say in words what keeps `other` out of one table with `one`."""
    a, b = one.result, other.result
    words = []
    if (a.config.protocol, a.protocol_version) != (b.config.protocol, b.protocol_version):
        versions = [f"{result.config.protocol} version {result.protocol_version}" for result in (a, b)]
        words.append(f"protocol ({versions[0]} / {versions[1]})")
    if a.definition_digest != b.definition_digest:
        choices = _changes(a.definition, b.definition) or f"{a.definition_digest} / {b.definition_digest}"
        words.append(f"definition ({choices})")
    if a.provenance.data_digest != b.provenance.data_digest:
        words.append(f"data ({a.provenance.data_digest[:12] or '-'} / {b.provenance.data_digest[:12] or '-'})")
    if a.provenance.evaluators != b.provenance.evaluators:
        words.append(f"networks that measure ({_changes(a.provenance.evaluators, b.provenance.evaluators)})")
    if a.provenance.weights != b.provenance.weights:
        weights = [{file: sha256[:12] for file, sha256 in made.provenance.weights.items()} for made in (a, b)]
        words.append(f"weights of the networks that measure ({_changes(*weights)})")
    return "Not comparable with the first table; what differs: " + "; ".join(words) + "."


def _conditions(run: Run) -> tuple[object, ...]:
    result = run.result
    evaluators, weights = (
        tuple(sorted(found.items())) for found in (result.provenance.evaluators, result.provenance.weights)
    )
    protocol = (result.config.protocol, result.protocol_version)
    return (protocol, result.definition_digest, result.provenance.data_digest, evaluators, weights)


def _changes(a: Mapping[str, str], b: Mapping[str, str]) -> str:
    names = [name for name in {**a, **b} if a.get(name) != b.get(name)]
    return ", ".join(f"{name}: {a.get(name, '-')} / {b.get(name, '-')}" for name in names)


def _unique_labels(runs: Sequence[Run]) -> tuple[str, ...]:
    """Add the name of the run folder where two runs of a group have the same swapper and settings."""
    labels = [run.label for run in runs]
    named = [run.label if labels.count(run.label) == 1 else f"{run.label} ({run.folder.name})" for run in runs]
    return tuple(
        name if named.count(name) == 1 else f"{name} {named[:place].count(name) + 1}"
        for place, name in enumerate(named)
    )
