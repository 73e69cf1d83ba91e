"""How often each kind of triplet is drawn: named sets of weights, and a user's own table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fsbench.errors import ConfigError, DataError
from fsbench.training.triplet_folder import ATTRIBUTE, IDENTITY, Role, TripletFolder

# MobileFSGAN's released loader (dataset.py), without the kinds that it gives no weight.
RELEASED = {
    "vanilla": 0.6,
    "vanilla_same": 0.112,
    "edited_target": 0.06,
    "beard": 0.024,
    "fat": 0.054,
    "bald": 0.012,
    "grin": 0.012,
    "forehead_hair_1": 0.03,
    "forehead_hair_2": 0.03,
    "glasses": 0.042,
    "sun_glasses": 0.024,
}
UNEDITED = ("vanilla", "vanilla_same")
PLAIN = ("vanilla", "vanilla_same", "edited_target")  # kinds that are no pairs of a picture and its edit
SETS = ("paper", "released", "unedited")
HINT = f"weights = {' | '.join(SETS)}, or a table of kind = weight"


@dataclass(frozen=True)
class Share:
    """One kind of triplet."""

    probability: float
    edited_source: float  # how often the source is the edited one of the two; the target is it otherwise


def shares(folder: TripletFolder, weights: str | Mapping[str, float]) -> dict[str, Share]:
    """Turn weights into probabilities that sum to 1, over kinds that the folder holds.

    Args:
        folder: what there is.
        weights: "released": the released loader's table, every kind of which must be there, and its choice of which
            picture is the edited one. "paper": the same shares for unpaired faces, two pictures of a person, identity
            edits and attribute edits, the last two spread over the kinds that are there as the released table does
            (a kind that it does not know counts as its average one); either picture is the edited one, as the
            paper's section 3.3 says. "unedited": unpaired faces and equal ones alone, which is training without
            FSTriplets. Or a table: kinds and their weights, of any sum.

    Raises:
        ConfigError: an unknown set or kind, a weight that is negative or no number, or all are 0.
        DataError: a kind that has a weight holds no pictures.
    """
    if isinstance(weights, str):
        if weights not in SETS:
            raise ConfigError(f"no sampling weights are called '{weights}'", hint=HINT)
        table = {"paper": _spread, "released": _released, "unedited": _unedited}[weights](folder)
    else:
        table = _checked(folder, weights)
    table = {kind: weight for kind, weight in table.items() if weight > 0}
    missing = [kind for kind in table if not folder.count(kind)]
    if missing:
        there = ", ".join(folder.kinds) or "none"
        raise DataError(f"{folder.root} has no triplets of {', '.join(missing)}; it has {there}", hint=HINT)
    total = sum(table.values())
    return {kind: Share(w / total, _edited_source(folder, kind, weights == "released")) for kind, w in table.items()}


def _checked(folder: TripletFolder, weights: Mapping[str, float]) -> dict[str, float]:
    known = {*RELEASED, *folder.kinds}
    for kind, weight in weights.items():
        if kind not in known:
            raise ConfigError(f"no kind of triplet is called '{kind}'", hint=f"kinds: {', '.join(sorted(known))}")
        if not (math.isfinite(weight) and weight >= 0):
            raise ConfigError(f"the weight of {kind} is {weight}, wanted a number >= 0", hint=HINT)
    if not sum(weights.values()) > 0:
        raise ConfigError("all sampling weights are 0", hint=HINT)
    return dict(weights)


def _only(kinds: tuple[str, ...]) -> dict[str, float]:
    return {kind: RELEASED[kind] for kind in kinds}


def _released(_: TripletFolder) -> dict[str, float]:
    return RELEASED


def _unedited(_: TripletFolder) -> dict[str, float]:
    return _only(UNEDITED)


def _spread(folder: TripletFolder) -> dict[str, float]:
    table = _only(PLAIN)
    for role, released in ((IDENTITY, ("beard", "fat")), (ATTRIBUTE, tuple(RELEASED)[5:])):
        total = sum(RELEASED[kind] for kind in released)
        kinds = [kind for kind in folder.kinds if folder.role(kind) == role]
        if not kinds:
            raise DataError(f"{folder.root / role} holds no pairs of a picture and its edit", hint=HINT)
        raw = {kind: RELEASED[kind] if kind in released else total / len(released) for kind in kinds}
        table |= {kind: total * weight / sum(raw.values()) for kind, weight in raw.items()}
    return table


def _edited_source(folder: TripletFolder, kind: str, released: bool) -> float:
    role: Role | None = folder.role(kind)
    if role is None:
        return 0.0
    if not released:
        return 0.5
    if role == IDENTITY:
        return 0.0
    return 1.0 if kind in ("bald", "grin") else 0.5
