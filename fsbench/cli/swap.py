"""`fsbench swap`: one picture with one other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.types import Face

Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("swap")(swap)


def swap(
    source: Annotated[Path, typer.Argument(help="Picture that gives the identity.")],
    target: Annotated[Path, typer.Argument(help="Picture that gives the rest.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG to write.")],
    swapper: Annotated[str, typer.Option(help="Name of a swapper.")] = "landmark",
    swapper_arg: Annotated[Texts | None, typer.Option(help="KEY=VALUE, a setting of the swapper.")] = None,
    face: Annotated[int, typer.Option(help="Which face of the target, 1 = the largest.", min=1)] = 1,
    source_face: Annotated[int, typer.Option(help="Which face of the source, 1 = the largest.", min=1)] = 1,
    detector: Annotated[str, typer.Option(help="What finds the faces.")] = "dlib",
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")] = "cpu",
) -> None:
    """Put the face of one picture on another, and write a PNG that says it is synthetic."""
    from fsbench import catalog
    from fsbench.cli.settings import pairs_of
    from fsbench.data.frames import write_atomically
    from fsbench.engine import plugins
    from fsbench.engine.plugins import identify, plugin
    from fsbench.engine.stages import Encoded, Task, perform
    from fsbench.errors import ConfigError, DataError, ItemError
    from fsbench.interfaces import Detector
    from fsbench.types import FrameRef, SwapItem, SwapPair

    if out.suffix.lower() != ".png":
        raise ConfigError(
            f"{out} is no .png: only PNG keeps every pixel and the mark", hint=f"-o {out.with_suffix('.png')}"
        )
    context = {"device": device}
    by = plugins.swapper(swapper, pairs_of("--swapper-arg", swapper_arg or []), context)
    finder = catalog.entry("evaluator", detector).target
    found: Detector = identify(plugin(finder, {}, context), Detector).plugin.build()
    pair = SwapPair(f"{target.stem}_{source.stem}", FrameRef(source), FrameRef(target), source.stem, target.stem)
    item = SwapItem(pair, _face(found, source, source_face, "--source-face"), _face(found, target, face, "--face"))
    outcome = perform(Task("swap", by.plugin), [item])[0][0]
    if isinstance(outcome, ItemError):
        raise DataError(f"the swap failed: {outcome.reason}", hint="another picture, or another --swapper")
    if isinstance(outcome, Encoded) and outcome.png is not None:
        try:
            write_atomically(out, outcome.png)
        except OSError as error:
            raise DataError(f"{out} cannot be written: {error.strerror}", hint="-o FILE.png") from None
    print(f"written: {out}", file=sys.stderr)


def _face(detector: object, path: Path, number: int, option: str) -> Face:
    from fsbench.data.frames import pixel_sha256, read_rgb
    from fsbench.errors import DataError, ItemError
    from fsbench.interfaces import Detector
    from fsbench.types import ImageRef

    if not isinstance(detector, Detector):
        raise TypeError(f"wanted a Detector, found {type(detector).__name__}")
    try:
        image = ImageRef(path, pixel_sha256(read_rgb(path)))
        faces = detector.detect([image])[0]
    except ItemError as error:
        raise DataError(error.reason, hint="name a picture file") from None
    if not faces:
        raise DataError(f"{path} shows no face that {detector.title} finds", hint="a picture with a clear face")
    if number > len(faces):
        raise DataError(f"{path} shows {len(faces)} face(s), wanted number {number}", hint=f"{option} {len(faces)}")
    return faces[number - 1]
