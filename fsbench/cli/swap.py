"""`fsbench swap`: one picture with one other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.interfaces import Detector
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
    all_faces: Annotated[
        bool, typer.Option("--all-faces", help="Every face of the target, in place of --face.")
    ] = False,
    source_face: Annotated[int, typer.Option(help="Which face of the source, 1 = the largest.", min=1)] = 1,
    detector: Annotated[str, typer.Option(help="What finds the faces.")] = "dlib",
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")] = "cpu",
) -> None:
    """Put the face of one picture on another, and write a PNG that says it is synthetic."""
    from fsbench import catalog
    from fsbench.cli.settings import pairs_of
    from fsbench.engine import plugins
    from fsbench.engine.picture import swap_picture
    from fsbench.engine.plugins import identify, plugin
    from fsbench.errors import ConfigError, DataError, ItemError
    from fsbench.interfaces import Detector

    if out.suffix.lower() != ".png":
        raise ConfigError(
            f"{out} is no .png: only PNG keeps every pixel and the mark", hint=f"-o {out.with_suffix('.png')}"
        )
    context = {"device": device}
    by = plugins.swapper(swapper, pairs_of("--swapper-arg", swapper_arg or []), context)
    finder = catalog.evaluator_target(detector)
    found: Detector = identify(plugin(finder, {}, context), Detector).plugin.build()
    targets = _faces(found, target)
    wanted = targets if all_faces else [_chosen(targets, target, face, "--face")]
    try:
        png = swap_picture(by.plugin, _chosen(_faces(found, source), source, source_face, "--source-face"), wanted)
    except ItemError as error:
        raise DataError(f"the swap failed: {error.reason}", hint="another picture, or another --swapper") from None
    _write(out, png, by.name, by.version)


def _write(out: Path, png: bytes, name: str, version: int) -> None:
    from fsbench import content_credentials
    from fsbench.data.frames import write_atomically
    from fsbench.errors import DataError

    signs = content_credentials.available()
    try:
        write_atomically(out, content_credentials.signed(png, swapper=name, version=version) if signs else png)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}", hint="-o FILE.png") from None
    print(f"written: {out}{', with content credentials' if signs else ''}", file=sys.stderr)


def _faces(detector: Detector, path: Path) -> list[Face]:
    from fsbench.data.frames import pixel_sha256, read_rgb
    from fsbench.errors import DataError, ItemError
    from fsbench.types import ImageRef

    try:
        image = ImageRef(path, pixel_sha256(read_rgb(path)))
        faces = detector.detect([image])[0]
    except ItemError as error:
        raise DataError(error.reason, hint="name a picture file") from None
    if not faces:
        raise DataError(f"{path} shows no face that {detector.title} finds", hint="a picture with a clear face")
    return faces


def _chosen(faces: list[Face], path: Path, number: int, option: str) -> Face:
    from fsbench.errors import DataError

    if number > len(faces):
        raise DataError(f"{path} shows {len(faces)} face(s), wanted number {number}", hint=f"{option} {len(faces)}")
    return faces[number - 1]
