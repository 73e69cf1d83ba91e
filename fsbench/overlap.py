"""What a swapper and the networks that measure it have in common: a network that marks its own work is no judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fsbench.engine.plugins import Identified
from fsbench.errors import ConfigError
from fsbench.interfaces import Evaluator, Swapper
from fsbench.records import Overlap, OverlapKind
from fsbench.types import IdentityUse
from fsbench.zoo.manifest import origin, weights

# From the most to the least favoured. The weights of one network measure alike in whatever file they are; another
# network of the family has learnt from another start or other faces, and still tends to see the same things.
ORDER: tuple[OverlapKind, ...] = ("same file", "same weights", "same family", "not said", "different family", "none")
FAVOURED: tuple[OverlapKind, ...] = ("same file", "same weights", "same family")

SENTENCES: Mapping[OverlapKind, str] = {
    "same file": "{label} was made with the very file that measures {role}, {by}: its score is favoured",
    "same weights": "{label} was made with the weights that measure {role}, {by}, in another file ({uses}): "
    "its score is favoured",
    "same family": "{label} was made with a network of the family that measures {role}, {by} ({uses}): "
    "its score may be favoured",
    "not said": "{label} does not say which identity networks it was made with: whether {by}, which measures {role}, "
    "favours it cannot be told",
    "different family": "{label} was made with {uses}, another family than {by}, which measures {role}",
    "none": "{label} was made without an identity network; {by} measures {role}",
}


def overlaps(evaluators: Mapping[str, Identified], swapper: Identified | None, label: str) -> tuple[Overlap, ...]:
    """Compare a swapper with each identity network that measures it.

    Args:
        evaluators: role to network; those that are no identity network are passed over.
        swapper: the swapper, or None where nothing is swapped.
        label: what tables call the swapper.
    """
    if swapper is None:
        return ()
    return tuple(_overlap(role, by, swapper, label) for role, by in evaluators.items() if _measures(by))


def refuse(evaluators: Mapping[str, Identified], swappers: Mapping[str, Identified | None], *, allowed: bool) -> None:
    """Refuse to measure with a network for training what was trained with its family.

    Raises:
        ConfigError: it would be, and nobody said that this is meant.
    """
    if allowed:
        return
    for label, swapper in swappers.items():
        for found in overlaps(evaluators, swapper, label):
            built: Evaluator = evaluators[found.role].plugin.build()
            if built.for_training and found.kind in FAVOURED:
                raise ConfigError(
                    f"{label} was trained with {', '.join(found.uses or ())}, and {evaluators[found.role].name} is to "
                    f"measure {found.role}: it would mark its own work",
                    hint=f"another network, --evaluator {found.role}=NAME; or --allow-overlap",
                )


def _overlap(role: str, by: Identified, swapper: Identified, label: str) -> Overlap:
    measuring = _measures(by)
    if measuring is None:
        raise ValueError(f"{by.name} is no identity network")
    built: Swapper = swapper.plugin.build()
    uses = built.identity_networks()
    kind = _strongest(measuring, uses, shares_file=bool(_file_hashes(by) & _file_hashes(swapper)))
    named = tuple(map(str, uses)) if uses is not None else None
    text = SENTENCES[kind].format(label=label, role=role, by=measuring, uses=", ".join(named or ()))
    return Overlap(role=role, measured_by=str(measuring), uses=named, kind=kind, text=text)


def _strongest(measuring: IdentityUse, uses: tuple[IdentityUse, ...] | None, *, shares_file: bool) -> OverlapKind:
    """Tell how near the nearest of the networks is to the one that measures."""
    if shares_file:
        return "same file"
    if uses is None:
        return "not said"
    return min((relation(measuring, use) for use in uses), key=ORDER.index, default="none")


def relation(one: IdentityUse, other: IdentityUse) -> OverlapKind:
    """Tell how near two identity networks are, by what is said of them."""
    if one.weight and one.weight == other.weight:
        return "same file"
    if one.weight and other.weight and origin(one.weight) == origin(other.weight):
        return "same weights"
    return "same family" if one.family == other.family else "different family"


def _file_hashes(part: Identified) -> set[str]:
    """Give the sha256 of its weight files; among `weights` there may be its source too, which is no network."""
    return {part.weights[name] for name in part.plugin.build().weight_files()}


def _measures(by: Identified) -> IdentityUse | None:
    """Name the identity network that an evaluator is, with its weights as the zoo calls them."""
    built: Evaluator = by.plugin.build()
    network = built.identity_network()
    if network is None or network.weight:
        return network
    known = weights()
    names = [Path(path).parent.name for path in built.weight_files().values()]
    ours = [name for name in names if name in known and known[name].family == network.family]
    return IdentityUse(network.family, ours[0]) if ours else network
