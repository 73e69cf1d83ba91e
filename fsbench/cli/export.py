"""`fsbench export`: a trained network in the formats of runtimes, each compared with torch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fsbench.cli.export_device import device_json

if TYPE_CHECKING:
    from fsbench.exports.calibration import Calibration
    from fsbench.exports.export import Outcome
    from fsbench.exports.network import Network

export_app = typer.Typer(
    help="Write a trained network in the format of a runtime, run it, and tell how far it is from torch.",
    invoke_without_command=True,
)
Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    export_app.command("device-json")(device_json)
    app.add_typer(export_app, name="export")


@export_app.callback()
def _start(
    context: typer.Context,
    list_: Annotated[bool, typer.Option("--list", help="List the formats: what is here, what each can do.")] = False,
) -> None:
    if list_:
        _list()
    elif context.invoked_subcommand is None:
        print(context.get_help())


@export_app.command("mobilefsgan")
def mobilefsgan(
    to: Annotated[Texts, typer.Option("--to", help="Format, again for more: fsbench export --list.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint of fsbench train, or a released state dict.")
    ] = None,
    random: Annotated[bool, typer.Option("--random", help="Random weights in place of a checkpoint.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for files and manifests.")] = Path("exports"),
    part: Annotated[str, typer.Option(help="generator or face-net.")] = "generator",
    precision: Annotated[str, typer.Option(help="fp32, fp16 or int8.")] = "fp32",
    calibrate: Annotated[Path | None, typer.Option(help="Folder with pictures of faces, for int8; or mini.")] = None,
    folded: Annotated[bool, typer.Option("--folded/--plain", help="Norms folded, exactly; or as trained.")] = True,
    bound: Annotated[float | None, typer.Option(help="Largest difference allowed; fp32 without it: 1e-4.")] = None,
    size: Annotated[int, typer.Option(help="Pixels of a side, with --random.")] = 256,
    width: Annotated[int, typer.Option(help="Channels, with --random.")] = 64,
    json_: Annotated[bool, typer.Option("--json", help="Print the manifests as a JSON array.")] = False,
) -> None:
    """Export MobileFSGAN, or its face net, and compare each file with torch in two runs. Exit 1 if one is refused."""
    from fsbench.errors import ConfigError
    from fsbench.exports.export import export
    from fsbench.exports.targets import export_format

    if (checkpoint is None) != random:
        raise ConfigError("wanted a checkpoint, or random weights", hint="--checkpoint FILE, or --random")
    if part not in ("generator", "face-net"):
        raise ConfigError(f"--part {part}: wanted generator or face-net", hint="--part generator")
    for name in to:
        export_format(name, precision)
    if (calibrate is None) != (precision != "int8"):
        raise ConfigError("int8 and --calibrate want each other", hint="--precision int8 --calibrate DIR")
    network = _network(part, checkpoint, folded=folded, size=size, width=width)
    done = None if json_ else _print_outcome
    found = _calibration(calibrate, network, checkpoint) if calibrate else None
    outcomes = export(
        *(network, to, out),
        precision=precision,  # type: ignore[arg-type]  # checked above
        bound=bound,
        samples=found.samples if found else (),
        calibration=found.facts if found else {},
        done=done,
    )
    if json_:
        print(json.dumps([each.manifest.model_dump(mode="json") for each in outcomes if each.manifest], indent=2))
    for each in outcomes:
        if each.manifest is None:
            print(f"refused: {each.to} {each.precision}: {each.problem}; no file is left", file=sys.stderr)
    raise typer.Exit(int(any(each.manifest is None for each in outcomes)))


def _network(part: str, checkpoint: Path | None, *, folded: bool, size: int, width: int) -> Network:
    from fsbench.exports import random_weights
    from fsbench.exports.network import face_net_network, generator_network

    if checkpoint is None:
        note = random_weights.NOTE
        if part == "face-net":
            return face_net_network(random_weights.random_face_net(), weights=note)
        trained = random_weights.random_trained(size=size, width=width)
        return generator_network(trained, folded=folded, weights=note)
    from fsbench.adapters.mobilefsgan_networks import face_net
    from fsbench.data.frames import file_sha256
    from fsbench.training.checkpoint import load_trained
    from fsbench.training.embedder import weight_files
    from fsbench.zoo.store import require

    trained = load_trained(checkpoint.expanduser())
    weights = {checkpoint.name: file_sha256(checkpoint.expanduser())}
    if part == "generator":
        return generator_network(trained, folded=folded, weights=weights)
    files = weight_files(trained.identity, require)
    weights |= {name: file_sha256(path) for name, path in files.items()}
    return face_net_network(face_net(trained, "cpu"), weights=weights)


def _calibration(folder: Path, network: Network, checkpoint: Path | None) -> Calibration:
    from fsbench.adapters.mobilefsgan_networks import face_net
    from fsbench.cli.settings import locate_data
    from fsbench.engine.cache import default_folder
    from fsbench.exports import random_weights
    from fsbench.exports.calibration import calibration
    from fsbench.training.checkpoint import load_trained

    if str(folder) == "mini":
        folder = Path(locate_data("mini", default_folder())["data"])
    if network.part == "face-net":
        return calibration(folder, network, None)
    if checkpoint is None:
        return calibration(folder, network, random_weights.random_face_net())
    return calibration(folder, network, face_net(load_trained(checkpoint.expanduser()), "cpu"))


def _print_outcome(outcome: Outcome) -> None:
    """Print a file with its size and what its two runs differed by."""
    manifest = outcome.manifest
    if manifest is None:
        return
    head = f"{outcome.to:<12} {outcome.precision}  {manifest.files[0].name}  {manifest.size_bytes / 1e6:.2f} MB"
    if not manifest.check.runs:
        print(f"{head}  not run: {manifest.check.reason}", flush=True)
        return
    texts = [f"largest {run.largest:.2g}, mean {run.mean:.2g}" for run in manifest.check.runs]
    first = manifest.check.runs[0]
    more = f"; PSNR {first.psnr:.1f} dB" if first.psnr is not None else ""
    more += f"; cosine {first.cosine:.7f}" if first.cosine is not None else ""
    print(f"{head}  from torch: run 1 {texts[0]}; run 2 {texts[1]}{more}", flush=True)


def _list() -> None:
    """Print each format: whether its packages are here, precisions, whether its files are run here."""
    from fsbench.exports.targets import FORMATS, PRECISIONS, install_hint, missing_packages

    for name, each in FORMATS.items():
        missing = missing_packages(each)
        state = f"missing: {install_hint(each)}" if missing else "here"
        can: Any = [precision for precision in PRECISIONS if precision not in each.lacks]
        run = "compared with torch" if each.runtime else each.not_run
        print(f"{name:<13} {', '.join(can):<17} {state:<40} {each.note}; {run}")
