"""`fsbench zoo`: the weights of the networks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fsbench.zoo.install import Installed
    from fsbench.zoo.manifest import Weight

zoo_app = typer.Typer(help="Get, check and list the weights of networks.", no_args_is_help=True)
Texts = list[str]
Accept = Annotated[bool, typer.Option("--accept-licence", help="Accept licences that forbid commercial use.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Name of a weight: fsbench zoo list.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(zoo_app, name="zoo")


@zoo_app.command("list")
def zoo_list(
    suite: Annotated[str, typer.Option(help="Only what this suite needs.")] = "",
    json_: Json = False,
) -> None:
    """List weights: present or missing, how to get, size, licence, what for."""
    from fsbench.zoo import manifest, store

    items = manifest.of_suite(suite) if suite else list(manifest.weights().values())
    if json_:
        print(json.dumps([_facts(item) for item in items], indent=2))
        return
    rows = [(item.name, store.state(item), "fetch" if item.urls else "by hand", item.size_text) for item in items]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, item in zip(rows, items, strict=True):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        print("  ".join([*cells, item.purpose]))
        print(f"{'':<{widths[0]}}  licence: {item.licence}")
    present = sum(row[1] == "present" for row in rows)
    print(f"{present} of {len(rows)} present in {store.weights_folder()}", file=sys.stderr)


@zoo_app.command("show")
def zoo_show(name: Name, json_: Json = False) -> None:
    """Tell all that is known of a weight, and how to get it by hand."""
    from fsbench.zoo import manifest

    facts = _facts(manifest.weight(name))
    if json_:
        print(json.dumps(facts, indent=2))
        return
    for key, value in facts.items():
        for line in value if isinstance(value, list) else [value]:
            if line not in ("", 0, False, None):
                print(f"{key + ':':<15} {line}")


@zoo_app.command("fetch")
def zoo_fetch(
    names: Annotated[Texts | None, typer.Argument(help="Names of weights.")] = None,
    suite: Annotated[str, typer.Option(help="All that this suite needs and that can be fetched.")] = "",
    accept_licence: Accept = False,
    json_: Json = False,
) -> None:
    """Download weights, going on where an earlier try stopped, and check them."""
    from fsbench.cli.progress import ByteBar
    from fsbench.errors import ConfigError
    from fsbench.zoo import install, manifest, store

    if not names and not suite:
        raise ConfigError("no weight is named", hint="fsbench zoo fetch NAME, or --suite paper")
    wanted = [manifest.weight(name) for name in names or []] + (manifest.of_suite(suite) if suite else [])
    items = [item for item in wanted if item.urls or item.name in (names or [])]
    install.accept_licences(items, accepted=accept_licence, notify=_say)
    with ByteBar() as progress:
        done = install.fetch_weights(items, progress=progress, notify=_say)
    _report(items, done, as_json=json_)
    left = [item for item in wanted if item not in items and store.state(item) != "present"]
    for item in left:
        _say(f"{item.name} can be had by hand alone: {item.by_hand} Then: fsbench zoo add {item.name} FILE")
    raise typer.Exit(1 if left else 0)


@zoo_app.command("add")
def zoo_add(
    name: Name,
    file: Annotated[Path, typer.Argument(help="The file, or an archive that holds it.")],
    accept_licence: Accept = False,
    json_: Json = False,
) -> None:
    """Take a file that was got by hand; one that holds more than tensors is converted, behind walls."""
    from fsbench.zoo import install, manifest

    item = manifest.weight(name)
    install.accept_licences([item], accepted=accept_licence, notify=_say)
    _report([item], [install.add_weight(item, file.expanduser())], as_json=json_)


@zoo_app.command("verify")
def zoo_verify(
    names: Annotated[Texts | None, typer.Argument(help="Names of weights; default: all that are there.")] = None,
) -> None:
    """Read weights whole and compare them with their hashes. Exit 1 where one is wrong."""
    from fsbench.errors import FsbenchError
    from fsbench.zoo import manifest, store

    chosen = [manifest.weight(name) for name in names or []]
    items = chosen or [item for item in manifest.weights().values() if store.state(item) != "missing"]
    wrong = 0
    for item in items:
        try:
            store.verify(item.name)
            print(f"ok     {item.name}")
        except FsbenchError as error:
            wrong += 1
            print(f"WRONG  {item.name}: {error}; try: {error.hint}")
    for path in [] if chosen else store.strangers():
        print(f"warn   {path}: no weight of the zoo")
    if not items:
        print(f"no weights in {store.weights_folder()}", file=sys.stderr)
    raise typer.Exit(1 if wrong else 0)


@zoo_app.command("path")
def zoo_path(name: Name) -> None:
    """Print where a weight is, once it is present and verified."""
    from fsbench.zoo import store

    print(store.require(name))


@zoo_app.command("remove")
def zoo_remove(
    name: Name,
    forget: Annotated[bool, typer.Option("--forget", help="Forget its pin too: the next file decides.")] = False,
) -> None:
    """Remove a weight from the folder."""
    from fsbench.zoo import install, manifest

    there = install.remove_weight(manifest.weight(name), forget=forget)
    _say(f"removed: {name}" if there else f"{name} was not there")


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _facts(item: Weight) -> dict[str, Any]:
    """Give what is known of a weight, for people and programs."""
    from fsbench.zoo import store

    facts: dict[str, Any] = item.model_dump(mode="json", exclude={"urls", "size"})
    facts["size"] = item.size_text
    facts["urls"] = [f"{url.url}{f' (in it: {url.member})' if url.member else ''}" for url in item.urls]
    facts["state"] = store.state(item)
    facts["folder"] = str(store.weights_folder() / item.name)
    facts["get"] = store.how_to_get(item)
    return facts


def _report(items: list[Weight], done: list[Installed], *, as_json: bool) -> None:
    """Say what became of each file: on stdout where it is, on stderr what to mind."""
    for item, installed in zip(items, done, strict=True):
        if installed.pinned:
            _say(f"{item.name}: nobody publishes its hash; pinned to sha256 {installed.sha256}")
        if installed.converted:
            left_out = installed.converted.left_out
            _say(
                f"{item.name}: converted to safetensors, {installed.converted.tensors} tensors, in a process that "
                f"{installed.converted.walls} kept from network, programs and files"
            )
            if left_out:
                more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
                _say(f"{item.name}: left out: {', '.join(left_out[:5])}{more}")
    if as_json:
        rows = [
            {"name": item.name, "path": str(there.path), "sha256": there.sha256, "pinned": there.pinned}
            for item, there in zip(items, done, strict=True)
        ]
        print(json.dumps(rows, indent=2))
        return
    for installed in done:
        print(installed.path)
