"""How narrow the intervals of a study will be, told before it opens, and which difference it could find."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fsbench.userstudy.raters import Spread

LEVEL = 0.95
POWER = 0.8
ROUNDING = 1 / 12  # variance that rounding to whole scores adds (Sheppard 1898)


@dataclass(frozen=True)
class Expected:
    """What a study can be expected to reach, in points of the scale."""

    mean: float  # half-width of the interval of one method's mean
    difference: float  # half-width of the interval of the difference between two methods
    detectable: float  # true difference that one test finds with a chance of 80 %
    views: float  # times a set is rated
    spread: Spread = field(default_factory=Spread)

    @property
    def sentence(self) -> str:
        """Say it, with what was assumed."""
        assumed = ", ".join(f"{name.replace('_', ' x ')} {value:g}" for name, value in vars(self.spread).items())
        return (
            f"Expected 95 % half-widths: +-{self.mean:.2f} for a mean, +-{self.difference:.2f} for a difference between"
            f" two methods; a true difference of {self.detectable:.2f} would be found with a chance of 80 %"
            f" (each set is rated {self.views:.1f} times; assumed standard deviations: {assumed})."
        )


def expected_half_width(*, raters: int, per_rater: int, sets: int, spread: Spread | None = None) -> Expected:
    """Tell what a balanced study can be expected to reach.

    With n = raters * per_rater views of a pool of S sets by R raters, the variance of a method's mean is
    (rater^2 + method_rater^2) / R + (set^2 + method_set^2) / S + residual^2 / n. In a difference of two methods rater
    and set drop out and the rest counts twice. The half-width is its root times the quantile of Student's t with
    min(R, S) - 1 degrees of freedom, as in the analysis.

    Args:
        raters: R >= 2.
        per_rater: sets that each rater scores, >= 1.
        sets: size of the pool, >= 2; when there are fewer views than sets, as many as there are views count.
        spread: assumed standard deviations; the defaults of `Spread` where it is None.

    Raises:
        ValueError: a number is too small.

    Source: variance of the mean in a crossed random-effects design, e.g. Brennan 2001, Generalizability Theory, ch. 2;
    compared with simulated studies in the tests.
    """
    if raters < 2 or per_rater < 1 or sets < 2:
        raise ValueError(f"{raters} raters, {per_rater} sets each of {sets}; wanted at least 2, 1 and 2")
    found = spread or Spread()
    views = raters * per_rater
    pool = min(sets, views)
    own = found.method_rater**2 / raters + found.method_set**2 / pool + (found.residual**2 + ROUNDING) / views
    shared = found.rater**2 / raters + found.set**2 / pool
    degrees = min(raters, pool) - 1
    error = math.sqrt(2 * own)
    return Expected(
        mean=quantile(degrees) * math.sqrt(own + shared),
        difference=quantile(degrees) * error,
        detectable=detectable_difference(error, degrees),
        views=views / pool,
        spread=found,
    )


def detectable_difference(error: float, degrees: int) -> float:
    """Give the true difference that a two-sided test at 5 % finds with a chance of 80 %, from the standard error.

    Source: (t(.975) + t(.80)) * SE, Bloom 1995, Minimum detectable effects, Evaluation Review 19 (5).
    """
    return (quantile(degrees) + quantile(degrees, POWER)) * error


def quantile(degrees: int, level: float = (1 + LEVEL) / 2) -> float:
    """Give the quantile of Student's t."""
    from scipy import special

    return float(special.stdtrit(degrees, level))
