"""What a comparison takes for a change: margins a metric, from `[compare]` of fsbench.toml or the defaults."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from fsbench.errors import ConfigError
from fsbench.metrics.spec import METRICS, TIMES
from fsbench.records import Record, RunConfig, first_problem

ELSEWHERE = {"coverage": "failures", **dict.fromkeys(TIMES, "speed")}  # metrics that have a gate of their own
SETTINGS_FILE = "fsbench.toml"
TABLE = "compare"


class Margin(Record):
    """How far a number may move before anyone should care: the larger of the two."""

    absolute: float = Field(default=0.0, ge=0)  # in the printed unit
    relative: float = Field(default=0.0, ge=0, lt=1)  # share of the old value

    def of(self, old: float) -> float:
        """Give the margin about an old value, in the printed unit."""
        return max(self.absolute, self.relative * abs(old))


def _as_margin(value: Any) -> Any:
    """Let a file write `pose_error = 0.05` for a margin without a relative part."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Margin(absolute=value) if is_number else value


DEFAULTS: dict[str, Margin] = {  # calibrated: docs/ci.md, section "Where the margins come from"
    "id_retrieval": Margin(absolute=0.5),
    "id_retrieval_top5": Margin(absolute=0.5),
    "id_retrieval_strict": Margin(absolute=0.5),
    "id_similarity": Margin(absolute=0.003),
    "id_retrieval_2": Margin(absolute=0.5),  # by the second identity network of a suite
    "id_retrieval_top5_2": Margin(absolute=0.5),
    "id_retrieval_strict_2": Margin(absolute=0.5),
    "id_similarity_2": Margin(absolute=0.003),
    "target_leakage_2": Margin(absolute=0.003),
    "lfw_cosine_mean": Margin(absolute=0.003),
    "lfw_cosine_mean_2": Margin(absolute=0.003),
    "target_leakage": Margin(absolute=0.003),
    "pose_error": Margin(absolute=0.1),
    "pose_geodesic": Margin(absolute=0.1),
    "gaze_error": Margin(absolute=0.1),
    "expression_error": Margin(absolute=0.02),
    "shape_error": Margin(absolute=0.02),
    "light_error": Margin(absolute=0.01),
    "fid": Margin(absolute=1.0, relative=0.05),
    "kid": Margin(absolute=0.5, relative=0.05),
    "size_mb": Margin(relative=0.01),
    "parameters": Margin(relative=0.01),
    "fp32_mb": Margin(relative=0.01),
    "fp16_mb": Margin(relative=0.01),
    "int8_mb": Margin(relative=0.01),
    "network_error": Margin(absolute=1e-4),  # what an exact export may differ from torch
    "memory_mb": Margin(relative=0.1),
}


class SpeedGate(Record):
    """How much slower is a warning and how much a failure, as new over old."""

    warn: float = Field(default=1.10, gt=1)
    fail: float = Field(default=1.25, gt=1)


class CompareSettings(Record):
    """All settings of a comparison."""

    margins: dict[str, Annotated[Margin, BeforeValidator(_as_margin)]] = Field(default_factory=dict)
    failures: float = Field(default=0.5, ge=0, le=100)  # more failed pairs than this, in % of the planned, are too many
    alpha: float = Field(default=0.01, gt=0, lt=0.5)  # of all one-sided tests together
    resamples: int = Field(default=10_000, ge=1000)
    seed: int = Field(default=0, ge=0)
    speed: SpeedGate = SpeedGate()

    @field_validator("margins")
    @classmethod
    def _known(cls, margins: dict[str, Margin]) -> dict[str, Margin]:
        for name in margins:
            if name in ELSEWHERE:
                raise ValueError(f"{name} has no margin here, it is judged by '{ELSEWHERE[name]}'")
            near = difflib.get_close_matches(name, METRICS, n=1)
            if name not in METRICS and near:
                raise ValueError(f"no metric is called '{name}'; did you mean '{near[0]}'?")
        return margins

    def margin(self, metric: str, old: float) -> float | None:
        """Give the margin of a metric about its old value, None where nobody named one."""
        found = self.margins.get(metric) or DEFAULTS.get(metric)
        return None if found is None else found.of(old)


def read_settings(file: Path | None, **changes: Any) -> CompareSettings:
    """Read `[compare]` of a settings file.

    Args:
        file: a TOML file; where it is None, `fsbench.toml` of the working folder if there is one.
        changes: settings from flags, which win; None was not given.

    Raises:
        ConfigError: the file cannot be read, or holds a key or number that is not allowed.
    """
    path = file or Path(SETTINGS_FILE)
    content = _content(path) if file is not None or path.is_file() else {}
    given = {key: value for key, value in changes.items() if value is not None}
    try:
        return CompareSettings.model_validate({**content, **given})
    except ValidationError as error:
        raise ConfigError(f"{path}, [{TABLE}]: {first_problem(error)}", hint="docs/ci.md lists the settings") from None


def _content(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint=f"a TOML file with a table [{TABLE}]") from None
    foreign = [key for key in content if key != TABLE and key not in RunConfig.model_fields]
    if foreign:
        near = difflib.get_close_matches(foreign[0], [TABLE, *RunConfig.model_fields], n=1)
        guess = f"; did you mean '{near[0]}'?" if near else f"; wanted a table [{TABLE}]"
        raise ConfigError(f"{path}: no setting is called '{foreign[0]}'{guess}")
    found = content.get(TABLE, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: '{TABLE}' is no table", hint=f"[{TABLE}.margins]")
    return found
