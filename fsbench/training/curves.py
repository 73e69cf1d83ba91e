"""The validation curves: attribute loss at the left, identity loss at the right, as in MobileFSGAN's figure 4."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

Columns = Mapping[str, Sequence[float]]  # name of a column -> its numbers, one a validation


def draw_curves(runs: Mapping[str, Columns]) -> bytes:
    """Draw one line a run; the identity loss is that of the largest picture. Gives a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, title, prefix in zip(
        panels, ("Attribute loss", "Identity loss"), ("attribute", "identity_"), strict=True
    ):
        for label, columns in runs.items():
            names = [name for name in columns if name.startswith(prefix)]
            if names:
                axes.plot(columns["step"], columns[names[0]], marker=".", label=label)
        axes.set(title=f"{title}, held-out triplets", xlabel="step", ylim=(0, None))
        axes.grid(alpha=0.3)
        if len(runs) > 1:
            axes.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
