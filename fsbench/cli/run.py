"""`fsbench run`: measure swappers with a protocol."""

from __future__ import annotations

import csv
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fsbench.records import RunConfig
    from fsbench.runner import Finished

WHAT, DATA, HOW, SPEED, WORK, OUT = "What", "Data", "Definition", "Speed and size", "Work", "Output"
Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    protocol: Annotated[
        str | None, typer.Argument(help="ff++, lfw, fid, speed or size; or in the settings file.")
    ] = None,
    swapper: Annotated[
        Texts | None,
        typer.Option(help="[LABEL=]NAME, again for more; default: landmark.", rich_help_panel=WHAT),
    ] = None,
    swapper_arg: Annotated[
        Texts | None, typer.Option(help="[LABEL.]KEY=VALUE, a setting of a swapper.", rich_help_panel=WHAT)
    ] = None,
    controls: Annotated[
        bool | None,
        typer.Option("--controls/--no-controls", help="Run copy-target and copy-source beside.", rich_help_panel=WHAT),
    ] = None,
    data: Annotated[str | None, typer.Option(help="A folder or address, or mini.", rich_help_panel=DATA)] = None,
    compression: Annotated[str | None, typer.Option(help="ff++: raw, c0, c23 or c40.", rich_help_panel=DATA)] = None,
    split: Annotated[str | None, typer.Option(help="ff++: all, train, val or test.", rich_help_panel=DATA)] = None,
    variant: Annotated[
        str | None, typer.Option(help="lfw: raw, funneled or deepfunneled.", rich_help_panel=DATA)
    ] = None,
    real: Annotated[str | None, typer.Option(help="fid: folder of real pictures.", rich_help_panel=DATA)] = None,
    swapped: Annotated[str | None, typer.Option(help="fid: folder of swapped pictures.", rich_help_panel=DATA)] = None,
    preset: Annotated[str | None, typer.Option(help="Named definition.", rich_help_panel=HOW)] = None,
    set_: Annotated[
        Texts | None, typer.Option("--set", help="CHOICE=VALUE, differing from the preset.", rich_help_panel=HOW)
    ] = None,
    suite: Annotated[str | None, typer.Option(help="Networks that measure.", rich_help_panel=HOW)] = None,
    evaluator: Annotated[
        Texts | None, typer.Option(help="ROLE=NAME, differing from the suite.", rich_help_panel=HOW)
    ] = None,
    persons: Annotated[
        Path | None, typer.Option(help="ff++: JSON, video id to person, for --set hit=person.", rich_help_panel=HOW)
    ] = None,
    source_frames: Annotated[
        Path | None,
        typer.Option(
            help="ff++: file of pairs with a source frame, for --set source_frame=listed.", rich_help_panel=HOW
        ),
    ] = None,
    runtime: Annotated[
        Texts | None,
        typer.Option(help="torch, torch-folded, onnx, ncnn, ...; again for more.", rich_help_panel=SPEED),
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Faces a call; default: 1.", rich_help_panel=SPEED)] = None,
    threads: Annotated[
        int | None, typer.Option(help="Of the networks; default: as many as may be used.", rich_help_panel=SPEED)
    ] = None,
    passes: Annotated[int | None, typer.Option(help="Counted calls; default: 100.", rich_help_panel=SPEED)] = None,
    warmup: Annotated[int | None, typer.Option(help="Calls before them; default: 10.", rich_help_panel=SPEED)] = None,
    from_device: Annotated[
        Texts | None, typer.Option(help="File of times taken on another device, again for more.", rich_help_panel=SPEED)
    ] = None,
    export: Annotated[
        Texts | None, typer.Option(help="size: exported file to weigh, again for more.", rich_help_panel=SPEED)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Only the first N swaps, ten a video.", rich_help_panel=WORK)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the bootstrap.", rich_help_panel=WORK)] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps.", rich_help_panel=WORK)] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, or on a GPU float16, bfloat16.", rich_help_panel=WORK)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: by cores and swaps.", rich_help_panel=WORK)
    ] = None,
    executor: Annotated[str | None, typer.Option(help="local, or ray for a cluster.", rich_help_panel=WORK)] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="auto, HOST:PORT or ray://HOST:PORT.", rich_help_panel=WORK)
    ] = None,
    gpus_per_worker: Annotated[
        float | None, typer.Option(help="Ray: share of a GPU a worker takes, such as 0.5.", rich_help_panel=WORK)
    ] = None,
    max_failed: Annotated[
        float | None, typer.Option(help="Share of failed swaps that is not an error.", rich_help_panel=WORK)
    ] = None,
    allow_overlap: Annotated[
        bool | None,
        typer.Option(
            "--allow-overlap", help="Measure with a network that the swapper trained with.", rich_help_panel=HOW
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with any of these.", rich_help_panel=WORK)] = None,
    out: Annotated[str | None, typer.Option(help="Folder for results, or address.", rich_help_panel=OUT)] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print results as JSON on stdout.", rich_help_panel=OUT)
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Check, write the pair list, and stop.", rich_help_panel=OUT)] = False,
) -> None:
    """Measure swappers: identity, pose, expression, FID on FaceForensics++; cosine on LFW; FID; speed; size."""
    from fsbench.cli.settings import choices_of, pairs_of, swappers_of

    flags: dict[str, Any] = {
        "protocol": protocol,
        "swappers": swappers_of(swapper or [], swapper_arg or []),
        "controls": controls,
        "data": data,
        "compression": compression,
        "split": split,
        "variant": variant,
        "real": real,
        "swapped": swapped,
        "preset": preset,
        "choices": {
            **pairs_of("--set", set_ or []),
            **choices_of(batch=batch, threads=threads, passes=passes, warmup=warmup),
        },
        "suite": suite,
        "evaluators": pairs_of("--evaluator", evaluator or []),
        "persons": str(persons) if persons else None,
        "source_frames": str(source_frames) if source_frames else None,
        "runtimes": runtime or [],
        "from_device": from_device or [],
        "exports": export or [],
        "limit": limit,
        "seed": seed,
        "device": device,
        "precision": precision,
        "workers": workers,
        "executor": executor,
        "ray_address": ray_address,
        "gpus_per_worker": gpus_per_worker,
        "max_failed": max_failed,
        "allow_overlap": allow_overlap,
        "out": out,
    }
    raise typer.Exit(_run(flags, config, as_json=json_, dry_run=dry_run))


def _run(flags: dict[str, Any], file: Path | None, *, as_json: bool, dry_run: bool) -> int:
    from fsbench import runner
    from fsbench.cli.progress import bar
    from fsbench.cli.settings import merged
    from fsbench.engine.remote_cache import open_cache

    given = merged(file, flags)
    print(_shown(given), file=sys.stderr)
    config = _settled(given)
    prepared = runner.prepare(config)
    if dry_run:
        print(f"{prepared.plan.planned} swaps planned, {len(prepared.plan.failures)} cannot be named")
        print(f"pair list: {runner.write_plan(prepared)}")
        return 0
    cache = open_cache()
    try:
        finished = runner.run(prepared, cache, progress=bar, notify=_announce, command=shlex.join(sys.argv[1:]))
    finally:
        cache.close()
    _report(finished, as_json=as_json)
    return _verdict(finished)


def _settled(config: RunConfig) -> RunConfig:
    """Find the data, and fill in what was left to the protocol."""
    from fsbench.cli.settings import locate_data, merged, refuse_foreign
    from fsbench.engine.cache import default_folder
    from fsbench.errors import ConfigError
    from fsbench.records import SwapperConfig

    refuse_foreign(config)
    if config.protocol == "fid":
        return config
    if config.protocol in ("speed", "size"):
        if not config.swappers and not config.from_device and not config.exports:
            config = config.model_copy(update={"swappers": (SwapperConfig(name="landmark"),)})
        if config.protocol == "size" or not config.swappers:
            return config
        config = config.model_copy(update={"data": config.data or "mini"})
    if not config.data:
        raise ConfigError("--data is missing", hint="--data FOLDER, or --data mini for a first try")
    manipulated = any(swapper.name.startswith("ffpp") for swapper in config.swappers)
    update: dict[str, Any] = dict(locate_data(config.data, default_folder(), manipulated=manipulated))
    if config.data == "mini" and config.protocol == "ff++" and not config.compression:
        update["compression"] = "c23"
    if not config.swappers:
        update["swappers"] = [{"name": "landmark"}]
    return merged(None, {**config.model_dump(), **update})


def _shown(config: RunConfig) -> str:
    """Show the settings that differ from the defaults, as TOML that --config takes."""
    import tomli_w

    from fsbench.records import RunConfig

    defaults = {key: field.get_default(call_default_factory=True) for key, field in RunConfig.model_fields.items()}
    given = config.model_dump(mode="json", exclude={"data_name"}, exclude_defaults=True)
    shown = {key: value for key, value in given.items() if key == "protocol" or value != defaults[key]}
    return "# settings that differ from the defaults; --config takes them from a file\n" + tomli_w.dumps(shown)


def _announce(label: str) -> None:
    if label:
        print(f"-- {label}", file=sys.stderr)


def _report(finished: Finished, *, as_json: bool) -> None:
    """Print the table, or JSON, on stdout, and write the report beside the runs."""
    from fsbench.cli.report import print_tables
    from fsbench.reports.formats import write_reports
    from fsbench.reports.published import chosen_tables
    from fsbench.reports.runs import load_runs
    from fsbench.reports.tidy import results_json
    from fsbench.run_place import RunPlace

    loaded = load_runs(finished.folders)
    folder = finished.folders[0].parent.parent
    config = finished.results[0].config
    beside = chosen_tables([config.protocol]) if config.protocol == "size" or config.from_device else ()
    files = write_reports(loaded.runs, folder, problems=loaded.problems, published=beside)
    out = RunPlace.of(config.out)
    for file in files.values():
        out.send(file)
    if as_json:
        print(results_json(loaded.runs), end="")
    else:
        print_tables(loaded.runs, published=beside)
        print(f"report: {out.shown(files['html'])}")


def _most_frequent(file: Path) -> tuple[str, str, int]:
    with file.open(encoding="utf-8", newline="") as lines:
        counts = Counter((row["stage"], row["reason"]) for row in csv.DictReader(lines))
    ((stage, reason), times), *_ = counts.most_common(1)
    return stage, reason, times


def _verdict(finished: Finished) -> int:
    from fsbench.records import FAILURES_FILE

    for result in finished.too_many_failed:
        failed = result.planned - result.swapped
        allowed = f"{result.config.max_failed:.0%}"
        label, folder = result.swapper.label, finished.folders[finished.results.index(result)]
        stage, reason, times = _most_frequent(folder / FAILURES_FILE)
        print(f"fsbench: {label}: {failed} of {result.planned} failed, more than {allowed}", file=sys.stderr)
        print(f"  most often ({times}) at {stage}: {reason}", file=sys.stderr)
        print(f"  all of them: {folder / FAILURES_FILE}", file=sys.stderr)
    return 1 if finished.too_many_failed else 0
