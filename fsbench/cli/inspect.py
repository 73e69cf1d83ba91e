"""`fsbench list`, `fsbench check` and `fsbench doctor`: what there is, and whether it works."""

from __future__ import annotations

from typing import Annotated

import typer

KINDS = ("swappers", "evaluators", "protocols", "presets", "suites", "published")
Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_names)
    app.command("check")(check)
    app.command("doctor")(doctor)


def list_names(kind: Annotated[str, typer.Argument(help=", ".join(KINDS))]) -> None:
    """List names with a line on each."""
    from fsbench import catalog
    from fsbench.errors import ConfigError

    one = kind.removesuffix("s")
    if kind in KINDS and one in catalog.BUILT_IN:
        lines = {name: entry.summary for name, entry in catalog.everything(one).items()}
    elif kind == "presets":
        from fsbench.protocols.presets import PRESET_SOURCES, PRESETS

        lines = {name: f"{PRESET_SOURCES[name]} ({', '.join(parts)})" for name, parts in PRESETS.items()}
    elif kind == "suites":
        from fsbench.protocols.presets import FOR_PROTOCOL, SUITES

        lines = {name: ", ".join(f"{role}={who}" for role, who in roles.items()) for name, roles in SUITES.items()}
        for (name, protocol), roles in FOR_PROTOCOL.items():
            lines[name] += "".join(f"; for {protocol} {role}={who}" for role, who in roles.items())
    elif kind == "published":
        from fsbench.reports.published import source_lines

        lines = source_lines()
    else:
        raise ConfigError(f"nothing is called '{kind}'; known: {', '.join(KINDS)}", hint="fsbench list swappers")
    width = max(map(len, lines))
    for name, text in lines.items():
        print(f"{name:<{width}}  {text}")


def check(
    swapper: Annotated[str, typer.Argument(help="Name of a swapper, or path/to/file.py:Class.")] = "",
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or its file; the same as recipe:NAME.")] = "",
    swapper_arg: Annotated[Texts | None, typer.Option(help="KEY=VALUE, a setting of the swapper.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")] = "cpu",
) -> None:
    """Find out whether a swapper keeps the rules: size, type, same twice, inputs untouched, no crash on bad input."""
    from fsbench.adapters.conformance import check as conformance
    from fsbench.cli.settings import pairs_of
    from fsbench.engine import plugins
    from fsbench.engine.cache import default_folder
    from fsbench.errors import ConfigError
    from fsbench.mini import items, ready

    if bool(swapper) == bool(recipe):
        raise ConfigError("wanted a swapper or a recipe", hint="fsbench check SWAPPER, or fsbench check --recipe NAME")
    swapper = swapper or f"recipe:{recipe}"
    data = ready(default_folder(), manipulated=swapper.startswith("ffpp"))
    context = {"device": device, "data": str(data), "compression": "c23"}
    by = plugins.swapper(swapper, pairs_of("--swapper-arg", swapper_arg or []), context)
    findings = conformance(by.plugin.build(), items(data, default_folder()))
    for finding in findings:
        verdict = "ok  " if finding.ok else "warn" if finding.is_warning else "FAIL"
        print(f"{verdict}  {finding.name}{f': {finding.detail}' if finding.detail else ''}")
    raise typer.Exit(0 if all(finding.ok or finding.is_warning for finding in findings) else 1)


def doctor() -> None:
    """Tell what is installed, which suites can run, and what each missing piece needs."""
    from fsbench.doctor import examine

    lines, healthy = examine()
    print("\n".join(lines))
    raise typer.Exit(0 if healthy else 1)
