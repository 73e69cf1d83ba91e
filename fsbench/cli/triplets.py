"""`fsbench data triplets`: from folders of people to triplets that a face swapper can be trained on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.editing.build import Built


def register(data_app: typer.Typer) -> None:
    """Add the command."""
    data_app.command("triplets")(triplets)


def triplets(
    faces: Annotated[
        str, typer.Argument(help="FACES/PERSON/*.jpg; a flat folder of one-picture people; LFW; or mini.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder to make; an interrupted build goes on.")],
    edits: Annotated[str, typer.Option(help="Names with commas, all, or none.")] = "all",
    external: Annotated[
        list[str] | None, typer.Option(help="[ROLE/]NAME=FOLDER: another program's edits of OUT/vanilla.")
    ] = None,
    per_person: Annotated[int, typer.Option(min=0, help="Most pictures of a person; 0 is all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    min_eyes: Annotated[float, typer.Option(min=4, help="Leave out smaller faces: pixels between the eyes.")] = 24,
    max_yaw: Annotated[float, typer.Option(min=0, max=90, help="Leave out faces turned further: degrees.")] = 35,
    min_sharpness: Annotated[float, typer.Option(min=0, help="Leave out blurred faces; 0 keeps them.")] = 0.14,
    measured: Annotated[bool, typer.Option("--measure", help="Measure how far each editor moves faces.")] = False,
) -> None:
    """Align faces, edit them, and lay them out as triplets of source, target and ground truth (FSTriplets)."""
    from fsbench.cli.progress import bar
    from fsbench.cli.settings import locate_data
    from fsbench.editing import build, editors, people
    from fsbench.editing.external import external as understood
    from fsbench.editing.making import Plan
    from fsbench.editing.screening import Limits
    from fsbench.engine.cache import default_folder

    limits = Limits(min_eyes=min_eyes, max_yaw=max_yaw, min_sharpness=min_sharpness)
    others = tuple(understood(text) for text in external or ())
    chosen = editors.chosen(edits)
    folder = Path(locate_data(faces, default_folder())["data"])
    persons = people.people(folder)
    plan = Plan(folder, out, chosen, others, per_person, seed, limits)
    with bar("pictures", sum(len(person.pictures) for person in persons)) as progress:
        built = build.build(plan, persons, workers=workers, progress=progress)
    print("\n".join(_summary(built, out)))
    if measured:
        _measure(built, out)
    if built.counts["left out"]:
        print(f"left out: {out / 'left_out.csv'}", file=sys.stderr)


def _measure(built: Built, out: Path) -> None:
    """Measure the edits, print the table and write it."""
    from fsbench.cli.progress import bar
    from fsbench.editing import measure

    with bar("measured", measure.count(built.made)) as progress:
        found = measure.measure(out, built.made, progress)
    print("\n".join(measure.table(found)))
    measure.write(out, found)


def _summary(built: Built, out: Path) -> list[str]:
    """Tell what was made, and what was not and why."""
    counts = built.counts
    lines = [f"{out}: {counts['pictures']} pictures of {counts['people']} people"]
    lines.append(f"  {counts['of several']} of them with others of the same person, for triplets of two pictures")
    seen: dict[str, str] = {}
    for person in built.made:
        for picture in person.used:
            seen.update({edit.kind: f"{edit.role}/{edit.kind}" for edit in picture.edits.values()})
    for kind, place in sorted(seen.items(), key=lambda item: item[1]):
        failed = counts[f"failed {kind}"]
        lines.append(f"  {place}: {counts[kind]} edits" + (f", {failed} could not be made" if failed else ""))
    lines += [f"left out, {reason}: {number}" for reason, number in built.reasons.most_common()]
    if built.sheet:
        lines.append(f"contact sheet: {built.sheet}")
    return lines
