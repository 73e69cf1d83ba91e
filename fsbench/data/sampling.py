"""Which frames of a video are taken."""

from __future__ import annotations

FRAME_RULES = ("linspace", "stride", "bins")


def evenly(n_frames: int, count: int, rule: str) -> list[int]:
    """Choose which frames of a video to take, so that they lie evenly in it.

    Args:
        n_frames: length of the video, 0 or more.
        count: how many frames are wanted, 1 or more.
        rule: "linspace": the first and the last frame and evenly between, rounded to the nearest, halves up;
            one frame is the first. "stride": every ceil(n_frames / count)-th from 0. "bins": the middles of
            `count` equal parts, rounded down.

    Returns:
        Rising indices without a repeat: `count` of them, or fewer where the video is short ("stride" gives fewer
        also where the step does not divide the video well: 11 frames, 10 wanted, gives 6).

    Raises:
        ValueError: an unknown rule, or numbers out of range.

    Source: the papers say "evenly" alone. linspace is the plain reading; stride is what ReliableSwap's evaluation on
    FaceForensics++ does, without its wrap-around to the first frame.

    >>> evenly(300, 4, "linspace"), evenly(300, 4, "stride"), evenly(300, 4, "bins")
    ([0, 100, 199, 299], [0, 75, 150, 225], [37, 112, 187, 262])
    """
    if n_frames < 0 or count < 1:
        raise ValueError(f"wanted n_frames >= 0 and count >= 1, found {n_frames} and {count}")
    if rule not in FRAME_RULES:
        raise ValueError(f"no frame rule is called '{rule}'; known: {', '.join(FRAME_RULES)}")
    if rule == "stride":
        step = max(1, -(-n_frames // count))
        return list(range(0, n_frames, step))
    if n_frames <= count:
        return list(range(n_frames))
    if rule == "bins":
        return [(2 * i + 1) * n_frames // (2 * count) for i in range(count)]
    gaps = count - 1
    return [(2 * i * (n_frames - 1) + gaps) // (2 * gaps) for i in range(count)] if gaps else [0]
