"""What the user says of a swapper that cannot say it itself: the identity networks that it was made with."""

from __future__ import annotations

import difflib

from fsbench.errors import ConfigError
from fsbench.types import IdentityUse
from fsbench.zoo.manifest import weights

NONE = "none"
OTHER = "other:"  # before the name of a family that fsbench does not know


def identity_networks(text: str) -> tuple[IdentityUse, ...] | None:
    """Read "arcface", "arcface-w600k-r50", several with commas, "other:<family>", "none", or nothing.

    Returns:
        The networks, where the name of a weight stands for its family too; none for "none"; None for nothing.

    Raises:
        ConfigError: a name is neither a family nor a weight of an identity network.
    """
    if not text:
        return None
    return () if text == NONE else tuple(_network(name.strip()) for name in text.split(","))


def _network(name: str) -> IdentityUse:
    if name.startswith(OTHER):
        return IdentityUse(name.removeprefix(OTHER))
    by_weight = {item.name: item.family for item in weights().values() if item.family}
    if name in by_weight:
        return IdentityUse(by_weight[name], name)
    families = sorted({*by_weight.values(), "dlib-resnet"})
    if name in families:
        return IdentityUse(name)
    near = difflib.get_close_matches(name, [*families, *by_weight], n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigError(
        f"no identity network is called '{name}'{guess}",
        hint=f"trained_with = {' | '.join(families)} | a weight of `fsbench zoo list` | {OTHER}NAME | {NONE}",
    )
