"""Random flips, greys and colours of training pictures, drawn first and applied after, so that two can share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

# As in MobileFSGAN's released loader (dataset.py).
FLIP, JITTERED = 0.5, 0.3
GREY = {"source": 0.02, "target": 0.01}
COLOUR, HUE = 0.2, 0.01  # brightness, contrast and saturation within 1 +- COLOUR


class Change(NamedTuple):
    """What happens to a picture."""

    flip: bool = False
    grey: bool = False
    factors: tuple[float, float, float] | None = None  # brightness, contrast, saturation; None: untouched
    hue: float = 0.0  # in turns
    order: tuple[int, ...] = (0, 1, 2, 3)

    def apply(self, picture: torch.Tensor) -> torch.Tensor:
        """Change a (3, S, S) uint8 picture."""
        from torchvision.transforms.v2 import functional as f

        if self.flip:
            picture = picture.flip(-1)
        if self.factors is not None:
            brightness, contrast, saturation = self.factors
            steps = (
                lambda x: f.adjust_brightness(x, brightness),
                lambda x: f.adjust_contrast(x, contrast),
                lambda x: f.adjust_saturation(x, saturation),
                lambda x: f.adjust_hue(x, self.hue),
            )
            for step in self.order:
                picture = steps[step](picture)
        return f.rgb_to_grayscale(picture, num_output_channels=3) if self.grey else picture


UNCHANGED = Change()


def draw_change(random: np.random.Generator, which: str) -> Change:
    """Draw a change for a "source" or a "target"."""
    flip, grey = bool(random.random() < FLIP), bool(random.random() < GREY[which])
    if random.random() >= JITTERED:
        return Change(flip, grey)
    brightness, contrast, saturation = (float(x) for x in random.uniform(1 - COLOUR, 1 + COLOUR, 3))
    order = tuple(int(x) for x in random.permutation(4))
    return Change(flip, grey, (brightness, contrast, saturation), float(random.uniform(-HUE, HUE)), order)
