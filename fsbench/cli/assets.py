"""`fsbench data` and `fsbench cache`: what runs rest on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

data_app = typer.Typer(help="Check, fetch and make data sets.", no_args_is_help=True)
cache_app = typer.Typer(help="Look at and clear the cache.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from fsbench.cli import triplets

    triplets.register(data_app)
    app.add_typer(data_app, name="data")
    app.add_typer(cache_app, name="cache")


@data_app.command("check")
def data_check(
    protocol: Annotated[str, typer.Argument(help="ff++ or lfw.")],
    data: Annotated[str, typer.Option(help="A folder, or mini.")],
    compression: Annotated[str, typer.Option(help="ff++: raw, c0, c23 or c40.")] = "",
    split: Annotated[str, typer.Option(help="ff++: all, train, val or test.")] = "all",
    variant: Annotated[str, typer.Option(help="lfw: raw, funneled or deepfunneled.")] = "",
    thorough: Annotated[bool, typer.Option(help="Decode every frame or picture that a run would take.")] = False,
) -> None:
    """Tell what is missing, what does not decode, and how many pairs can run. Exit 1 where something is wrong."""
    from fsbench import catalog
    from fsbench.cli.settings import locate_data
    from fsbench.engine.cache import default_folder
    from fsbench.errors import ConfigError

    catalog.entry("protocol", protocol)
    folder = Path(locate_data(data, default_folder())["data"])
    if protocol == "ff++":
        from fsbench.data.ffpp import FaceForensics

        report = FaceForensics.open(folder, compression=compression, split=split).check(thorough=thorough)
    elif protocol == "lfw":
        from fsbench.data.lfw import Lfw

        report = Lfw.open(folder, variant=variant).check(thorough=thorough)
    else:
        raise ConfigError(f"'{protocol}' takes any folders of pictures", hint="fsbench data check ff++|lfw --data D")
    print("\n".join(report.lines))
    raise typer.Exit(0 if report.ok else 1)


@data_app.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="lfw, or mini.")],
    out: Annotated[Path, typer.Argument(help="Folder to put it in.")],
    variant: Annotated[str, typer.Option(help="lfw: raw, funneled or deepfunneled.")] = "raw",
) -> None:
    """Fetch LFW with the published checksums, going on where an earlier try stopped; or make the mini set."""
    from fsbench.errors import ConfigError

    if name == "mini":
        from fsbench.engine.cache import default_folder
        from fsbench.mini import make

        print(make(out, default_folder()))
        return
    if name != "lfw":
        hint = "fsbench data get lfw FOLDER; FaceForensics++ is given out by its authors on request"
        raise ConfigError(f"'{name}' cannot be fetched; known: lfw, mini", hint=hint)
    from fsbench.cli.progress import ByteBar
    from fsbench.data.download import get_lfw

    with ByteBar() as progress:
        print(get_lfw(out, variant=variant, progress=progress))


@cache_app.command("info")
def cache_info() -> None:
    """Tell where the cache is, and how much it holds."""
    from fsbench.engine.remote_cache import RemoteCache, open_cache

    cache = open_cache()
    if isinstance(cache, RemoteCache):
        print(f"{cache.address}, of which this machine has an index:")
    sizes = [path.stat().st_size for path in cache.folder.rglob("*") if path.is_file()]
    print(f"{cache.folder}: {len(cache)} entries, {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")
    cache.close()


@cache_app.command("clear")
def cache_clear(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove what the cache holds; finished runs keep their numbers and pictures."""
    import shutil

    from fsbench.engine.cache import default_folder
    from fsbench.engine.remote_cache import RemoteCache, open_cache

    folder, cache = default_folder(), open_cache()
    shown = cache.address if isinstance(cache, RemoteCache) else folder
    if not yes:
        typer.confirm(f"remove {shown}?", abort=True, err=True)
    if isinstance(cache, RemoteCache):
        cache.clear()
    cache.close()
    for name in ("pictures", "data"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("entries.sqlite*"):
        path.unlink()
    print(f"cleared: {shown}", file=sys.stderr)
