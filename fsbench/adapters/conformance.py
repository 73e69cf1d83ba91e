"""What every swapper must hold, as a test that its author can run: `fsbench check SWAPPER`."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsbench.data.frames import file_sha256, pixel_sha256, png_bytes, read_rgb
from fsbench.errors import FsbenchError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import IDENTITY_MATRIX, Face, ImageRef, SwapItem, Swapped

Outcomes = list[Swapped | ItemError]
FAR = 0.5  # of the face box, beyond which a swap should change nothing: hair and chin reach less far
TOLERANCE = 2.0  # grey levels that pixels far from the face may move: rounding in a colour conversion


@dataclass(frozen=True)
class Finding:
    """One rule, and whether the swapper holds it."""

    name: str
    ok: bool
    detail: str = ""  # what was found, where it is not ok
    is_warning: bool = False  # allowed, but its author should know


def check(swapper: Swapper, items: Sequence[SwapItem]) -> list[Finding]:
    """Tell which rules of the interface a swapper holds.

    Args:
        swapper: is called about four times an item.
        items: at least one whose faces were found; two or more also show whether items of a batch mix.

    Returns:
        One finding a rule; the rules after a broken first one are left out, since they would only repeat it.

    Raises:
        ValueError: there are no items.
    """
    if not items:
        raise ValueError("wanted at least one item")
    before = [_state(item) for item in items]
    first = _called(swapper, items)
    if isinstance(first, Finding):
        return [first]
    findings = [Finding("returns one outcome an item", True), _shapes(first, items)]
    findings.append(_inputs_untouched(before, items))
    if findings[1].ok:
        findings += [
            _repeatable(swapper, items, first),
            _independent(swapper, items, first),
            _far_pixels(first, items),
        ]
    return [*findings, _bad_source(swapper, items[0])]


def _called(swapper: Swapper, items: Sequence[SwapItem]) -> Outcomes | Finding:
    rule = "returns one outcome an item"
    try:
        outcomes = list(swapper.swap(items))
    except ItemError as error:
        if len(items) == 1:
            return [error]
        return _called_singly(swapper, items)
    except FsbenchError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever foreign code raises is the finding
        return Finding(rule, False, f"swap raised {type(error).__name__}: {error}")
    if len(outcomes) != len(items):
        return Finding(rule, False, f"{len(outcomes)} outcomes for {len(items)} items")
    for outcome in outcomes:
        if not isinstance(outcome, Swapped | ItemError):
            return Finding(rule, False, f"an outcome is a {type(outcome).__name__}; wanted Swapped or ItemError")
    return outcomes


def _called_singly(swapper: Swapper, items: Sequence[SwapItem]) -> Outcomes | Finding:
    """Call as the engine does when a batch raises an ItemError: item by item."""
    outcomes: Outcomes = []
    for item in items:
        outcome = _called(swapper, [item])
        if isinstance(outcome, Finding):
            return outcome
        outcomes += outcome
    return outcomes


def _shapes(outcomes: Outcomes, items: Sequence[SwapItem]) -> Finding:
    rule = "results are uint8 RGB of the target's size, or crops that say so"
    if all(isinstance(outcome, ItemError) for outcome in outcomes):
        return Finding(rule, False, f"no item gave a picture; the first failed: {outcomes[0]}")
    for outcome, item in zip(outcomes, items, strict=True):
        if isinstance(outcome, Swapped) and (problem := _shape_problem(outcome, item)):
            return Finding(rule, False, f"{item.pair.key}: {problem}")
    return Finding(rule, True)


def _shape_problem(outcome: Swapped, item: SwapItem) -> str:
    image, matrix = outcome.image, outcome.matrix
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        return f"found {getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}"
    if matrix is None:
        return ""
    if np.shape(matrix) != (2, 3) or not np.isfinite(matrix).all():
        return f"the matrix has the shape {np.shape(matrix)}; wanted finite (2, 3)"
    wanted = read_rgb(item.target.image.path).shape
    if np.array_equal(matrix, IDENTITY_MATRIX) and image.shape != wanted:
        return f"found {image.shape[1]} x {image.shape[0]} pixels, the target has {wanted[1]} x {wanted[0]}"
    return ""


def _repeatable(swapper: Swapper, items: Sequence[SwapItem], first: Outcomes) -> Finding:
    rule = "the same input gives the same pixels"
    again = _called(swapper, items)
    if isinstance(again, Finding):
        return Finding(rule, False, f"the second call: {again.detail}")
    return _equal(rule, first, again, items)


def _independent(swapper: Swapper, items: Sequence[SwapItem], first: Outcomes) -> Finding:
    rule = "a result does not depend on the other items of its batch"
    alone = _called_singly(swapper, items)
    if isinstance(alone, Finding):
        return Finding(rule, False, f"called with one item: {alone.detail}")
    return _equal(rule, first, alone, items)


def _equal(rule: str, first: Outcomes, second: Outcomes, items: Sequence[SwapItem]) -> Finding:
    for one, other, item in zip(first, second, items, strict=True):
        if isinstance(one, ItemError) or isinstance(other, ItemError):
            if isinstance(one, ItemError) and isinstance(other, ItemError):
                continue
            return Finding(rule, False, f"{item.pair.key}: failed once and gave a picture once")
        if one.image.shape != other.image.shape:
            return Finding(rule, False, f"{item.pair.key}: shapes {one.image.shape} and {other.image.shape}")
        if different := int((one.image != other.image).any(axis=2).sum()):
            return Finding(rule, False, f"{item.pair.key}: {different} pixels differ")
    return Finding(rule, True)


def _state(item: SwapItem) -> list[object]:
    faces = (item.source, item.target)
    arrays = [array for face in faces for array in (face.box, face.landmarks, face.landmarks68) if array is not None]
    return [file_sha256(face.image.path) for face in faces] + [array.tobytes() for array in arrays]


def _inputs_untouched(before: list[list[object]], items: Sequence[SwapItem]) -> Finding:
    rule = "inputs stay as they were"
    for state, item in zip(before, items, strict=True):
        if state != _state(item):
            return Finding(rule, False, f"{item.pair.key}: a box, landmarks or a picture file was changed")
    return Finding(rule, True)


def _far_pixels(outcomes: Outcomes, items: Sequence[SwapItem]) -> Finding:
    rule, looked = "pixels far from the face are the target's", 0
    for outcome, item in zip(outcomes, items, strict=True):
        if isinstance(outcome, ItemError) or outcome.matrix is None:
            continue
        if not np.array_equal(outcome.matrix, IDENTITY_MATRIX):
            continue
        target = read_rgb(item.target.image.path)
        left, top, right, bottom = item.target.box
        reach = FAR * max(right - left, bottom - top)
        y, x = np.mgrid[: target.shape[0], : target.shape[1]]
        far = (x < left - reach) | (x > right + reach) | (y < top - reach) | (y > bottom + reach)
        looked += int(far.sum())
        change = np.abs(outcome.image.astype(np.int16) - target).max(axis=2)
        if (moved := int((change[far] > TOLERANCE).sum())) > 0:
            return Finding(rule, False, f"{item.pair.key}: {moved} of {int(far.sum())} differ", is_warning=True)
    if not looked:
        return Finding(rule, True, "not tested: no whole frame, or the faces fill it", is_warning=True)
    return Finding(rule, True, is_warning=True)


def _bad_source(swapper: Swapper, item: SwapItem) -> Finding:
    """Try a grey picture, and a face whose landmarks all coincide: neither may be the end of a run."""
    rule = "a blank source or an impossible face is a picture or an ItemError, not a crash"
    with tempfile.TemporaryDirectory(prefix="fsbench-") as folder:
        blank = np.full_like(read_rgb(item.source.image.path), 128)
        path = Path(folder) / "blank.png"
        path.write_bytes(png_bytes(blank))
        image = ImageRef(path, pixel_sha256(blank))
        nowhere = Face(image, np.zeros(4), np.zeros((5, 2)), 0.0)
        for what, face in (("blank source", dataclasses.replace(item.source, image=image)), ("no landmarks", nowhere)):
            found = _called(swapper, [dataclasses.replace(item, source=face)])
            if isinstance(found, Finding):
                return Finding(rule, False, f"{what}: {found.detail}")
    return Finding(rule, True)
