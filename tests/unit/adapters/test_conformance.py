import dataclasses
import sys

import numpy as np
import pytest

from fsbench.adapters.command import Command
from fsbench.adapters.conformance import check
from fsbench.adapters.controls import CopySource, CopyTarget
from fsbench.adapters.landmark import Landmark
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Swapped

OUTCOMES = "returns one outcome an item"
SHAPES = "results are uint8 RGB of the target's size, or crops that say so"
UNTOUCHED = "inputs stay as they were"
REPEATABLE = "the same input gives the same pixels"
INDEPENDENT = "a result does not depend on the other items of its batch"
FAR = "pixels far from the face are the target's"
BAD = "a blank source or an impossible face is a picture or an ItemError, not a crash"


@pytest.fixture
def items(flat_face, make_item):
    """Two items whose pictures are large enough for pixels far from the face."""
    source = flat_face(200, "source", (120, 160))
    return [make_item(source, flat_face(colour, f"target{colour}", (120, 160)), f"t_{colour}") for colour in (90, 110)]


def pixels(item):
    return read_rgb(item.target.image.path).copy()


class Breaks(Swapper):
    """A correct swapper, of which each class below breaks one rule."""

    name = "breaks"
    version = 1

    def swap(self, items):
        return [Swapped(self.one(item, items)) for item in items]

    def one(self, item, items):
        picture = pixels(item)
        left, top, right, bottom = item.target.box.astype(int)
        picture[top:bottom, left:right] = 50
        return picture


class TooFew(Breaks):
    def swap(self, items):
        return super().swap(items)[1:]


class ReturnsArrays(Breaks):
    def swap(self, items):
        return [self.one(item, items) for item in items]


class Raises(Breaks):
    def swap(self, items):
        raise RuntimeError("out of luck")


class Floats(Breaks):
    def one(self, item, items):
        return super().one(item, items) / 255


class Small(Breaks):
    def one(self, item, items):
        return super().one(item, items)[::2, ::2]


class BadMatrix(Breaks):
    def swap(self, items):
        return [Swapped(self.one(item, items), np.eye(3)) for item in items]


class FailsAlways(Breaks):
    def swap(self, items):
        return [ItemError("no luck") for _ in items]


class MovesLandmarks(Breaks):
    def one(self, item, items):
        item.target.landmarks[:] += 1
        return super().one(item, items)


class OverwritesFile(Breaks):
    def one(self, item, items):
        picture = super().one(item, items)
        item.target.image.path.write_bytes(item.source.image.path.read_bytes())
        return picture


class Random(Breaks):
    calls = 0

    def one(self, item, items):
        self.calls += 1
        picture = super().one(item, items)
        picture[15, 25] = self.calls
        return picture


class MixesBatch(Breaks):
    def one(self, item, items):
        picture = super().one(item, items)
        picture[15, 25] = len(items)
        return picture


class RepaintsAll(Breaks):
    def one(self, item, items):
        return np.clip(super().one(item, items) + np.int16(9), 0, 255).astype(np.uint8)


class CrashesOnBlank(Breaks):
    def one(self, item, items):
        source = read_rgb(item.source.image.path)
        return super().one(item, items) if 1 / (int(source.mean()) - 128) else None


class CrashesOnFlatFaces(Breaks):
    def one(self, item, items):
        if np.ptp(item.source.landmarks) == 0:
            raise ZeroDivisionError("landmarks")
        return super().one(item, items)


def broken(swapper, items):
    return [finding.name for finding in check(swapper, items) if not finding.ok]


@pytest.mark.parametrize(
    ("swapper", "rule"),
    [
        (TooFew, OUTCOMES),
        (ReturnsArrays, OUTCOMES),
        (Raises, OUTCOMES),
        (Floats, SHAPES),
        (Small, SHAPES),
        (BadMatrix, SHAPES),
        (FailsAlways, SHAPES),
        (MovesLandmarks, UNTOUCHED),
        (OverwritesFile, UNTOUCHED),
        (MixesBatch, INDEPENDENT),
        (RepaintsAll, FAR),
        (CrashesOnBlank, BAD),
        (CrashesOnFlatFaces, BAD),
    ],
)
def test_a_broken_rule_is_found_by_its_name(items, swapper, rule):
    assert rule in broken(swapper(), items)


@pytest.mark.parametrize(
    "swapper", [MixesBatch, RepaintsAll, CrashesOnBlank, CrashesOnFlatFaces, Small, MovesLandmarks]
)
def test_one_broken_rule_is_one_finding(items, swapper):
    assert len(broken(swapper(), items)) == 1


def test_a_random_swapper_is_not_repeatable(items):
    assert REPEATABLE in broken(Random(), items)


def test_a_swapper_that_holds_all_rules_has_no_broken_one(items):
    assert broken(Breaks(), items) == []
    assert len(check(Breaks(), items)) == 7


def test_pixels_far_from_the_face_are_a_warning_only(items):
    warnings = [finding for finding in check(RepaintsAll(), items) if finding.is_warning]
    assert [finding.name for finding in warnings] == [FAR]


def test_a_crop_whose_place_is_unknown_may_have_any_size(items):
    class Crops(Breaks):
        def swap(self, items):
            return [Swapped(self.one(item, items)[:10, :10], None) for item in items]

    assert broken(Crops(), items) == []


def test_an_item_error_that_ends_a_batch_is_allowed(items):
    class Picky(Breaks):
        def one(self, item, items):
            if item.pair.key == "t_110":
                raise ItemError("not this one")
            return super().one(item, items)

    assert broken(Picky(), items) == []


def test_a_mistake_that_the_user_can_mend_is_not_a_finding(items):
    class NoWeights(Breaks):
        def swap(self, items):
            raise ConfigError("no weights")

    with pytest.raises(ConfigError):
        check(NoWeights(), items)


def test_no_items_are_a_programmers_mistake():
    with pytest.raises(ValueError, match="at least one"):
        check(Breaks(), [])


@pytest.mark.parametrize("swapper", [CopyTarget(), Landmark(), Landmark(blend="feather")], ids=lambda s: s.name)
def test_the_built_in_swappers_hold_all_rules(people, make_item, swapper):
    items = [make_item(people[2], people[-1], "a"), make_item(people[-1], people[1], "b")]
    assert broken(swapper, items) == []


def test_copy_source_holds_all_rules_but_paints_the_background(people, make_item):
    items = [make_item(people[2], people[-1], "a"), make_item(people[-1], people[1], "b")]
    assert broken(CopySource(), items) == [FAR]


def test_a_command_holds_all_rules(items):
    code = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"
    command = Command(call=f'{sys.executable} -c "{code}" {{target}} {{output}} {{source}}')
    assert broken(command, [dataclasses.replace(item) for item in items]) == []
