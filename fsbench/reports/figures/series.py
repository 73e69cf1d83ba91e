"""How swappers are told apart in figures: by colour and by shape, so that either alone is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.reports.groups import Group
from fsbench.reports.runs import Run

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a7a00")
"""Colours that the common kinds of colour blindness keep apart (Okabe and Ito 2008); the yellow darkened for paper."""
OKABE_ITO_DARK = ("#56B4E9", "#E8762C", "#1FBF92", "#DD9BBF", "#E69F00", "#8FC7F0", "#F0E442")
"""The same hues, light enough for a dark ground."""
SHAPES = ("circle", "square", "up", "down", "diamond", "plus")
CIVIDIS = ("#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838")
"""Ten steps of cividis (Nuñez, Anderton and Renslow 2018), made for colour-blind readers; dark is low."""


@dataclass(frozen=True)
class Series:
    """One swapper of a figure. `place` counts swappers and controls apart."""

    label: str
    run: Run
    place: int

    @property
    def is_control(self) -> bool:
        """Whether it is a control: grey and hollow."""
        return self.run.is_control

    @property
    def shape(self) -> str:
        """The shape of its marks; with the colour unique among 42 swappers."""
        return ("diamond", "square")[self.place % 2] if self.is_control else SHAPES[self.place % len(SHAPES)]

    @property
    def colour(self) -> int:
        """The number of its colour in the lists of this module."""
        return self.place % len(OKABE_ITO)


def series_of(group: Group, *, controls: bool = True) -> list[Series]:
    """Give the swappers of a group, and the controls behind them; where there is no swapper, the controls alone."""
    ranked = [Series(label, run, place) for place, (label, run) in enumerate(group.ranked)]
    others = [Series(label, run, place) for place, (label, run) in enumerate(group.controls)]
    return [*ranked, *(others if controls or not ranked else [])]


def heat(value: float, low: float, high: float) -> str:
    """Give the colour of a value between two ends, as #rrggbb; the middle where the ends are one."""
    share = 0.5 if high == low else min(max((value - low) / (high - low), 0.0), 1.0)
    position = share * (len(CIVIDIS) - 1)
    lower = min(int(position), len(CIVIDIS) - 2)
    part = position - lower
    mixed = [round(a + (b - a) * part) for a, b in zip(_rgb(CIVIDIS[lower]), _rgb(CIVIDIS[lower + 1]), strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _rgb(colour: str) -> Sequence[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
