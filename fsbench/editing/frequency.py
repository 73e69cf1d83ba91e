"""The skin's texture as waves: those that pores and wrinkles have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import SIZE, Mask
from fsbench.editing.painting import blurred

WAVES = (3.0, 14.0)  # pixels: wavelengths that pores and wrinkles have in a crop; longer ones are the face's form


def band(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Keep the waves of a (SIZE, SIZE) picture whose lengths lie in WAVES, with soft limits, by its Fourier transform.

    The gain is that of a Butterworth band of second order: about 1 within and 1/2 at the limits.
    """
    y, x = np.meshgrid(np.fft.fftfreq(SIZE), np.fft.rfftfreq(SIZE), indexing="ij")
    frequency = np.hypot(x, y)
    low, high = 1 / WAVES[1], 1 / WAVES[0]
    gain = 1 / (1 + (low / np.maximum(frequency, 1e-6)) ** 4) / (1 + (frequency / high) ** 4)
    return np.fft.irfft2(np.fft.rfft2(values) * gain, s=(SIZE, SIZE))


def skin_band(lightness: Mask, weight: Mask) -> NDArray[np.float64]:
    """Give the band of the skin alone: lips, eyes and the rim of the mask are levelled first, and make no waves in it.

    Args:
        lightness: (SIZE, SIZE).
        weight: (SIZE, SIZE) how surely a pixel is skin.
    """
    known = (weight > 0.05).astype(np.float32)
    even = blurred(lightness * known, 6) / np.maximum(blurred(known, 6), 1e-3)
    return band(np.where(known > 0, lightness - even, 0))
