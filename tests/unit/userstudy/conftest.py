"""Studies that never took place: raters with known means and variances, dealt as a study deals them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray


def deal(raters: int, per_rater: int, sets: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give each rater the sets used least so far, ties at random: (raters, per_rater), no set twice for a rater."""
    used = np.zeros(sets)
    dealt = np.empty((raters, per_rater), np.int64)
    for rater in range(raters):
        dealt[rater] = rng.permutation(np.lexsort((rng.random(sets), used))[:per_rater])
        used[dealt[rater]] += 1
    return dealt


@pytest.fixture(scope="session")
def dealt() -> Callable[..., NDArray[np.int64]]:
    return deal
