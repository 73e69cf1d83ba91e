"""The trainings that the paper sets beside its own: what each changes, by name.

Source: MobileFSGAN, section 4.5 and figure 4 (data set, outputs); its supplement, section 2 and table 1 (network).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fsbench.errors import ConfigError

Values = Mapping[str, Any]  # settings as a TOML file holds them


@dataclass(frozen=True)
class Ablation:
    """One training: how the paper calls it, and which settings differ from the baseline."""

    title: str
    section: str
    changes: Values
    paper_mb: float | None = None  # "Size/MB" of the supplement; it seems to mix MB and MiB

    def applied(self, values: Values) -> dict[str, Any]:
        """Give settings with this ablation's changes in them."""
        return (
            {**values, self.section: {**values.get(self.section, {}), **self.changes}} if self.section else {**values}
        )


ABLATIONS: dict[str, Ablation] = {
    "wide": Ablation("Wide", "network", {"architecture": "wide"}, 586.0),
    "shallow": Ablation("Shallow", "network", {"architecture": "shallow"}, 8.8),
    "nofuse": Ablation("NoFuse", "network", {"architecture": "nofuse"}, 10.2),
    "hourglass": Ablation("HG", "network", {"architecture": "hourglass"}, 12.4),
    "baseline": Ablation("Baseline", "", {}, 10.2),
    "scale256": Ablation("scale256", "network", {"outputs": 1}),
    "scale256+128": Ablation("scale256+128", "network", {"outputs": 2}),
    "without-fstriplets": Ablation("without FSTriplets", "data", {"weights": "unedited"}),
}
TABLE = ("wide", "shallow", "nofuse", "hourglass", "baseline")  # rows of the supplement's table 1, in its order
FIGURE = ("baseline", "without-fstriplets", "scale256", "scale256+128")  # lines of the paper's figure 4


def ablation(name: str) -> Ablation:
    """Find one by name.

    Raises:
        ConfigError: there is no such name; the message offers the nearest.
    """
    if name in ABLATIONS:
        return ABLATIONS[name]
    near = difflib.get_close_matches(name, ABLATIONS, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigError(f"no ablation is called '{name}'{guess}", hint=f"known: {', '.join(ABLATIONS)}")
