"""The verbs: the classes that a contributor implements.

Constructors are cheap and check their arguments only; networks are built at the first use. A constructor takes
keyword arguments with type annotations: `device` where it matters, and the settings that users may give.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import ItemError
from fsbench.types import Face, IdentityUse, ImageRef, Part, SwapItem, SwapPair, Swapped

if TYPE_CHECKING:
    from fsbench.engine.bench import Bench
    from fsbench.engine.plugins import Identified
    from fsbench.protocols.outcome import Outcome, Plan, RowBeside
    from fsbench.protocols.presets import Choices
    from fsbench.records import RunConfig, SwapperConfig


class Swapper(ABC):
    """Puts the identity of a source face on a target face."""

    name: ClassVar[str]
    version: ClassVar[int]  # rises when equal input gives other pixels
    is_control: ClassVar[bool] = False
    # Identity networks in its loss or input: a family, a weight of the zoo, or both. () is none, None is not said.
    trained_with: ClassVar[tuple[str | IdentityUse, ...] | None] = None
    batch_size: ClassVar[int] = 1

    def weight_files(self) -> Mapping[str, Path]:
        """Name the files that decide the result; their hashes enter the cache key and the provenance."""
        return {}

    def licences(self) -> Mapping[str, str]:
        """Give the licence of each weight file, as far as it is known; the table's foot shows them."""
        from fsbench.zoo.licences import licences_of

        return licences_of(self.weight_files())

    def facts(self) -> Mapping[str, str]:
        """Say what else a reader of the result should know, such as which runtime does the work."""
        return {}

    def identity_networks(self) -> tuple[IdentityUse, ...] | None:
        """Name the identity networks in its loss or input, so that a run can tell when one of them measures it.

        Returns:
            None where it is not known. The default says what `trained_with` says.
        """
        from fsbench.zoo.manifest import weights

        if self.trained_with is None:
            return None
        weight = {name: IdentityUse(item.family, name) for name, item in weights().items() if item.family}
        return tuple(weight.get(use, IdentityUse(use)) if isinstance(use, str) else use for use in self.trained_with)

    def fingerprint(self, pair: SwapPair) -> str:
        """Give what else decides the result of this pair, such as the hash of a finished picture on disk.

        Raises:
            ItemError: this pair cannot be swapped at all.
        """
        return ""

    def parts(self) -> Sequence[Part]:
        """Give the networks inside, so that the protocols `speed` and `size` can measure each by itself."""
        return ()

    def forget(self) -> None:
        """Drop what is kept of earlier items, such as embeddings of sources: the next one is as new as the first."""
        return

    @abstractmethod
    def swap(self, items: Sequence[SwapItem]) -> Sequence[Swapped | ItemError]:
        """Swap each item; one outcome an item, in order. Must not change what it is given.

        A whole-frame result has the size of the target's picture. An ItemError raised instead of returned
        makes the engine try the items one by one.
        """


class Detector(ABC):
    """Finds the faces of a picture with their landmarks."""

    role: ClassVar[str] = "detect"
    name: ClassVar[str]
    title: ClassVar[str]  # as tables and definitions print it
    version: ClassVar[int]
    batch_size: ClassVar[int] = 4

    def weight_files(self) -> Mapping[str, Path]:
        """Name the files that decide the outcome; their hashes enter the cache key and the provenance."""
        return {}

    @abstractmethod
    def detect(self, images: Sequence[ImageRef]) -> Sequence[list[Face]]:
        """Find all faces of each picture, largest box first; an empty list where there is none."""


class Evaluator(ABC):
    """One network (or formula) that turns faces into rows of numbers."""

    role: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[str]  # as tables and definitions print it
    version: ClassVar[int]
    dim: ClassVar[int]
    landmarks_only: ClassVar[bool] = False  # reads where the landmarks are and no pixel
    at_target: ClassVar[bool] = False  # looks at a result where its target's face was, so that no detector moves it
    measures: ClassVar[Mapping[str, slice]] = {}  # metric -> columns of the row; empty: the role's own, the whole row
    explanation: ClassVar[str] = ""  # what it looks at and what else it measures, in sentences of the definition
    family: ClassVar[str] = ""  # of the identity network, to compare with Swapper.trained_with
    weight: ClassVar[str] = ""  # of the identity network: its name in the zoo
    for_training: ClassVar[bool] = False  # may not measure what was trained with its family, unless told
    batch_size: ClassVar[int] = 16

    def weight_files(self) -> Mapping[str, Path]:
        """Name the files that decide the numbers; their hashes enter the cache key and the provenance."""
        return {}

    def identity_network(self) -> IdentityUse | None:
        """Name the identity network that it is, if it is one."""
        return IdentityUse(self.family, self.weight) if self.family else None

    @abstractmethod
    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Measure (N, dim) rows; row i depends on faces[i] alone.

        An ItemError makes the engine try the faces one by one, so that one bad face costs one row.
        """


class Protocol(ABC):
    """One evaluation section of a paper, under the settings of one run."""

    name: ClassVar[str]
    version: ClassVar[int]  # rises when equal input gives other numbers
    roles: ClassVar[tuple[str, ...]]  # of the evaluators that it needs, checked before any work
    optional_roles: ClassVar[tuple[str, ...]] = ()  # of those that it measures with where the suite has them
    swaps: ClassVar[bool] = True  # False: it measures pictures as they are
    has_controls: ClassVar[bool] = True  # False: copying a picture says nothing about its numbers
    finds_faces: ClassVar[bool] = True  # False: no detector has a part in its numbers
    needs_quiet: ClassVar[bool] = False  # True: nothing else may work meanwhile, so that there is one process

    @property
    @abstractmethod
    def definition(self) -> Choices:
        """Every choice that was made."""

    @abstractmethod
    def __init__(self, config: RunConfig) -> None:
        """Check the settings.

        Raises:
            ConfigError: a preset, choice or setting is wrong.
        """

    @abstractmethod
    def evaluator_settings(self) -> dict[str, dict[str, str]]:
        """Say what the definition asks of the evaluators, by role."""

    @abstractmethod
    def explain(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """Say the definition in sentences, given the title of each evaluator by role."""

    @abstractmethod
    def plan(self) -> Plan:
        """Plan the swaps from file names and video lengths: no pixels, no models; same data, same plan."""

    def title(self) -> str:
        """Say what was measured on what, where that is not the data and the preset."""
        return ""

    def swapper_settings(self) -> Mapping[str, str]:
        """Say what the definition asks of swappers that have such a setting, as `device` is handed to them."""
        return {}

    def chosen(self, swappers: Sequence[SwapperConfig]) -> Sequence[SwapperConfig]:
        """Say which rows the swappers that were named make: each is one, unless the definition wants several of it."""
        return swappers

    def needs_swapper(self) -> bool:
        """Tell whether there is nothing to do without a swapper."""
        return True

    def together(self, bench: Bench, plan: Plan, swappers: Mapping[str, Identified]) -> None:
        """Do what all swappers must be there for, such as taking turns, before `run` gives the outcome of each."""
        return

    def rows_beside(self) -> Sequence[RowBeside]:
        """Give the rows beside those of the swappers, when these are done."""
        return ()

    @abstractmethod
    def run(self, bench: Bench, plan: Plan, swapper: Identified | None) -> Outcome:
        """Swap and measure with one swapper, or with none where nothing is swapped."""
