"""`fsbench export device-json`: the log of a benchmark tool on a phone, as the file of times that runs take in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fsbench.exports.manifest import Manifest

PRECISIONS = {"fp32": "float32", "fp16": "float16", "int8": "int8"}


def device_json(
    log: Annotated[Path, typer.Argument(help="What benchmark_model or benchncnn printed, call after call.")],
    platform: Annotated[str, typer.Option(help="Device: 'Pixel 8'.")],
    os: Annotated[str, typer.Option(help="Its system: 'Android 15'.")],
    hardware: Annotated[str, typer.Option(help="What did the work: 'CPU', 'GPU'.")],
    manifest: Annotated[Path, typer.Option(help="Manifest of the exported file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON to write.")] = Path("phone.json"),
    note: Annotated[str, typer.Option(help="What a reader must know.")] = "",
) -> None:
    """Turn the log of a benchmark tool on a phone into the file that `fsbench run speed --from-device` reads."""
    from fsbench.data.frames import write_atomically
    from fsbench.errors import DataError
    from fsbench.exports.device_log import passes_of
    from fsbench.exports.manifest import read_manifest
    from fsbench.protocols.device_times import DeviceFile

    exported = read_manifest(manifest)
    try:
        passes = passes_of(log.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise DataError(f"{log} cannot be read: {error.strerror}", hint="a log of the tool") from None
    _fits(passes.network, exported)
    threads = {} if passes.threads is None else {"threads": passes.threads}
    times: dict[str, Any] = {
        **{"platform": platform, "os": os, "framework": passes.framework, "hardware": hardware},
        **{"times_ms": passes.times_ms, "warmup": passes.warmup, "network": exported.part.replace("-", " ")},
        **{"precision": PRECISIONS[exported.precision], "file": exported.files[0].name},
        **{"file_sha256": exported.files[0].sha256, "note": note, **threads},
    }
    file = DeviceFile.model_validate({"format": "fsbench device times 1", "results": [times]})
    write_atomically(out, (file.model_dump_json(indent=2, exclude_none=True) + "\n").encode())
    print(out)
    print(f"{len(passes.times_ms)} passes of {passes.network}, each after {passes.warmup}", file=sys.stderr)


def _fits(network: str, exported: Manifest) -> None:
    """Check that the log is of the exported file."""
    from fsbench.errors import DataError

    name = exported.files[0].name
    if network not in (name, name.removesuffix(".param")):
        raise DataError(
            f"the log is of {network or 'a file without a name'}, the manifest of {name}", hint="--manifest"
        )
