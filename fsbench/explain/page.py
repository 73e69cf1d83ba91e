"""The page docs/why-my-number-differs.md, made from the presets and definitions so that it cannot fall behind them."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

from fsbench.protocols import words
from fsbench.protocols.presets import PRESET_SOURCES, PRESETS, Definition

TEMPLATE = Path(__file__).parent / "page.md"
BASE = "mobilefsgan"
CACHED, MEASURED, SWAPPED = "from the cache", "new measurements of the same swaps", "new swaps"
NEEDS = {
    **dict.fromkeys(("failures", "gallery", "hit", "similarity", "pose_reduce", "expression_reduce"), CACHED),
    **dict.fromkeys(("alignment", "flip", "fid_region", "fid_reference"), MEASURED),
    **dict.fromkeys(("frames", "sampling", "source_frame", "source_fallback", "face"), SWAPPED),
}
"""What a run's cache lacks for another value of a choice, at most."""

SAID: dict[str, dict[str, str]] = {
    "failures": words.POLICIES,
    "alignment": {
        "own": "a result is searched for a face, and aligned by its own landmarks",
        "target": "a result is taken at the landmarks of its target, so a blank one scores too",
    },
    "flip": {
        "false": "the identity embedding of the crop",
        "true": "the embeddings of the crop and of its mirror image, concatenated",
    },
    "fid_region": {"aligned_256": "aligned face crops of 256 pixels", "frame": "whole pictures"},
    "frames": {"10": "how many frames of each video; any number from 1"},
    "sampling": {**words.SAMPLING, "stride": "every ceil(n / frames)-th frame from the first"}
    | {"bins": "the middles of equal parts"},
    "source_frame": words.SOURCES,
    "source_fallback": words.FALLBACKS,
    "gallery": words.GALLERIES,
    "hit": {value: f"the nearest face of the gallery {text}" for value, text in words.HITS.items()},
    "similarity": {"cosine": "by the angle alone", "dot": "the length of the embeddings counts as well"},
    "pose_reduce": {"mean": "the mean of the errors", "rms": "the root of their mean square, never smaller"},
    "expression_reduce": {"mean": "the mean of the errors", "rms": "the root of their mean square, never smaller"},
    "fid_reference": words.REFERENCES,
    "face": {"centre": "of several faces, the one nearest to the middle", "largest": "of several faces, the largest"},
}
"""Choice -> value -> what it means."""


def page_text() -> str:
    """Write the page."""
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )  # Markdown of our own words: nothing to escape
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(base=BASE, presets=_presets(), choices=_choices())


def allowed_values(kind: type[Definition], choice: str) -> list[str]:
    """List the values of a choice, the default first; a number has only its default here."""
    annotation, default = kind.model_fields[choice].annotation, kind().as_text()[choice]
    if annotation is bool:
        values = ["false", "true"]
    else:
        values = list(typing.get_args(annotation)) if typing.get_origin(annotation) is typing.Literal else [default]
    return sorted(values, key=lambda value: value != default)


def _presets() -> list[dict[str, Any]]:
    found = []
    for name, parts in PRESETS.items():
        for protocol, definition in parts.items():
            if not isinstance(definition, Definition):
                continue  # of what measures no pictures
            old, new = PRESETS[BASE][protocol].as_text(), definition.as_text()
            changes = [
                {"choice": choice, "old": old[choice], "new": value, "needs": NEEDS[choice]}
                for choice, value in new.items()
                if value != old[choice]
            ]
            if changes:
                about = {"name": name, "protocol": protocol, "source": PRESET_SOURCES[name]}
                found.append({**about, "changes": changes})
    return found


def _choices() -> list[dict[str, Any]]:
    own = PRESETS[BASE].items()
    kinds = {protocol: type(definition) for protocol, definition in own if isinstance(definition, Definition)}
    names = dict.fromkeys(name for kind in kinds.values() for name in kind.model_fields)
    found = []
    for name in names:
        having = [protocol for protocol, kind in kinds.items() if name in kind.model_fields]
        values = allowed_values(kinds[having[0]], name)
        said = [(value, SAID[name][value].rstrip(".")) for value in values]
        said = [(value, text[:1].lower() + text[1:]) for value, text in said]
        found.append({"name": name, "protocols": ", ".join(having), "needs": NEEDS[name], "meanings": said})
    return found
