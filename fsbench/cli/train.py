"""`fsbench train`: MobileFSGAN, and its ablations."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

train_app = typer.Typer(help="Train MobileFSGAN, and its ablations.", no_args_is_help=True)
Texts = list[str]
Config = Annotated[Path | None, typer.Option(help="TOML file with the settings.")]
Change = Annotated[Texts | None, typer.Option("--set", help="SECTION.KEY=VALUE, differing from the file.")]
Data = Annotated[str | None, typer.Option(help="Folder of triplets; the same as --set data.folder=.")]
HeldOut = Annotated[str | None, typer.Option(help="Folder of triplets for validation.")]
Steps = Annotated[int | None, typer.Option(help="Steps in all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(train_app, name="train")


@train_app.command("mobilefsgan")
def mobilefsgan(
    config: Config = None,
    set_: Change = None,
    ablation: Annotated[str | None, typer.Option(help="Named variant: wide, shallow, scale256 ...")] = None,
    data: Data = None,
    held_out: HeldOut = None,
    steps: Steps = None,
    out: Annotated[Path | None, typer.Option(help="Folder for all that it writes; default: runs/train.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint in --out.")] = False,
) -> None:
    """Train the generator, and print where it is."""
    from fsbench.experiments.training import train
    from fsbench.training.ablations import ablation as find
    from fsbench.training.settings import training_settings

    values = _values(config, set_ or [], {"data.folder": data, "data.held_out": held_out, "steps": steps})
    values = find(ablation).applied(values) if ablation else values
    settings = training_settings({**values, "out": str(out)} if out else values)
    path = train(settings, resume=resume, bar=_bar, notify=_say)
    if path is not None:  # of several processes the first alone has it
        print(path)


@train_app.command("ablation")
def ablation(
    config: Config = None,
    set_: Change = None,
    variant: Annotated[Texts | None, typer.Option(help="Again for more; default: the supplement's five.")] = None,
    data: Data = None,
    held_out: HeldOut = None,
    steps: Steps = None,
    out: Annotated[Path, typer.Option(help="Folder for the trainings, the table and the curves.")] = Path(
        "runs/ablation"
    ),
) -> None:
    """Train each variant, measure it, and print the table of the supplement; the same command goes on after a stop."""
    from fsbench.data.frames import write_atomically
    from fsbench.experiments.ablation import study
    from fsbench.experiments.ablation_table import ablation_csv, ablation_table
    from fsbench.reports.latex import latex
    from fsbench.reports.markdown import markdown
    from fsbench.training.ablations import TABLE

    values = _values(config, set_ or [], {"data.folder": data, "data.held_out": held_out, "steps": steps})
    variants = study(values, variant or TABLE, out, notify=_say)
    table = ablation_table(variants)
    for name, text in (("md", markdown(table)), ("tex", latex(table)), ("csv", ablation_csv(variants))):
        write_atomically(out / f"ablation.{name}", text.encode())
    print(markdown(table), end="")
    _say(f"table: {out}/ablation.md, .tex, .csv")


def _values(file: Path | None, changes: Texts, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Merge file < --set < other flags, as the tables of a TOML file."""
    from fsbench.cli.settings import pairs_of, read_toml
    from fsbench.errors import ConfigError

    values: dict[str, Any] = read_toml(file) if file else {}
    given = {key: _literal(text) for key, text in pairs_of("--set", changes).items()}
    for name, value in {**given, **{key: value for key, value in flags.items() if value is not None}}.items():
        *sections, key = name.split(".")
        place = values
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise ConfigError(f"--set {name}: {section} is no section", hint="--set SECTION.KEY=VALUE")
        place[key] = value
    return values


def _literal(text: str) -> Any:
    """Read a value as TOML would, and as plain text where it is none: --set loss.identity_network=dlib."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _say(text: str) -> None:
    print(text, file=sys.stderr)


@contextlib.contextmanager
def _bar(total: int, each: int) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Show samples, their pace and the last losses; where stderr is no terminal, a line at each log."""
    import time

    from tqdm import tqdm

    terminal, begun, samples = sys.stderr.isatty(), time.monotonic(), 0
    with tqdm(total=total, unit=" images", file=sys.stderr, disable=not (total and terminal)) as shown:

        def advance(done: int, losses: Mapping[str, float]) -> None:
            nonlocal begun, samples
            shown.update(done)
            samples += done
            if not losses:
                return
            values = {name: f"{losses[name]:.3f}" for name in ("generator", "discriminator") if name in losses}
            shown.set_postfix(values)
            if not terminal:
                text = ", ".join(f"{name} {value}" for name, value in values.items())
                _say(f"step {samples // each} of {total // each}: {text}; {time.monotonic() - begun:.0f} s")

        yield advance
