"""Frames of a video by their exact position: a frame that is lost or damaged is an error, never another frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fsbench.data.places import opened
from fsbench.errors import ItemError
from fsbench.types import Image

if TYPE_CHECKING:
    import av


def count_frames(path: Path) -> int:
    """Count the frames of a video without decoding them: what its container says, or else its packets.

    Raises:
        ItemError: the file is missing, or is no video that can be opened.
    """
    import av

    try:
        with opened(path) as file, av.open(file) as container:
            return _stream(container, path).frames or len(_times(container))
    except (OSError, av.FFmpegError) as error:
        raise ItemError(f"{path.name} cannot be opened as a video: {_reason(error)}") from None


def decode_frames(path: Path, indices: Sequence[int]) -> list[Image | ItemError]:
    """Decode the frames at the given positions in display order, from 0, reading the video once.

    Where the stream is damaged, the frames that are built on the damaged one are refused as well, up to the next one
    that stands on its own: a decoder fills what it lacks with older pixels and says so of the first frame alone.

    Returns:
        One outcome an index, in the order asked: (H, W, 3) uint8 RGB, or an ItemError for a frame that the
        stream does not hold or that cannot be decoded. Never another frame in its place.
    """
    import av

    reading = _Reading(path, set(indices))
    try:
        with opened(path) as file:
            order = _display_order(path, file)
            if not isinstance(file, str):
                file.seek(0)
            with av.open(file) as container:
                _stream(container, path).thread_type = "AUTO"
                for frame in container.decode(video=0):
                    reading.take(frame, order)
                    if reading.is_done():
                        break
                reading.settle()
    except ItemError as error:
        reading.problem = error.reason
    except (OSError, av.FFmpegError) as error:
        reading.problem = f"decoding stopped: {_reason(error)}"
    return [reading.outcome(index) for index in indices]


class _Reading:
    """What came of one pass through a video."""

    def __init__(self, path: Path, wanted: set[int]) -> None:
        self.problem = "the stream is empty"
        self._path = path
        self._wanted = wanted
        self._found: dict[int, Image | ItemError] = {}
        self._unsettled: dict[int, Image] = {}  # shown before the frame that they may be built on
        self._next = 0
        self._is_damaged = False

    def take(self, frame: av.VideoFrame, order: dict[int, int]) -> None:
        """Look at the next frame in display order."""
        from av.video.frame import PictureType

        index = order.get(frame.pts, self._next) if frame.pts is not None else self._next
        is_lost = index != self._next  # one or more before this frame
        if is_lost or frame.is_corrupt or self._is_damaged:
            self._found |= {number: self._damaged(number) for number in self._unsettled}
            self._unsettled.clear()
        elif frame.pict_type != PictureType.B:
            self.settle()
        self._is_damaged = frame.is_corrupt or ((is_lost or self._is_damaged) and not frame.key_frame)
        if index in self._wanted:
            if self._is_damaged:
                self._found[index] = self._damaged(index)
            else:
                # av lends rows with padding between them, which dlib reads askew
                self._unsettled[index] = np.array(frame.to_ndarray(format="rgb24"), np.uint8, order="C")
                if frame.pict_type != PictureType.B:
                    self.settle()
        self._next = index + 1
        self.problem = f"the stream ends after {self._next} frames"

    def settle(self) -> None:
        """Accept the frames that were held back: nothing that they are built on was damaged."""
        self._found |= self._unsettled
        self._unsettled.clear()

    def is_done(self) -> bool:
        return len(self._found) == len(self._wanted)

    def outcome(self, index: int) -> Image | ItemError:
        lost = ItemError(f"frame {index} of {self._path.name} cannot be had: {self.problem}")
        return self._found.get(index, lost)

    def _damaged(self, index: int) -> ItemError:
        return ItemError(f"frame {index} of {self._path.name} is damaged")


def _display_order(path: Path, file: Any) -> dict[int, int]:
    """Map the time stamp of each frame to its position, from the packets alone; empty where they do not tell.

    Counting what the decoder gives is not enough: it leaves out a frame that it cannot decode.
    """
    import av

    with av.open(file) as container:
        _stream(container, path)
        times = [] if container.format.name == "avi" else _times(container)  # AVI keeps no display times
    known = sorted({time for time in times if time is not None})
    return {time: index for index, time in enumerate(known)} if len(known) == len(times) else {}


def _times(container: av.container.InputContainer) -> list[int | None]:
    return [packet.pts for packet in container.demux(video=0) if packet.size and not packet.is_discard]


def _stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    if not container.streams.video:
        raise ItemError(f"{path.name} holds no video stream")
    return container.streams.video[0]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
