"""The documentation names everything there is, its links resolve, its commands parse and its examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
import re
import shlex
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from fsbench import catalog, records
from fsbench.adapters import conformance
from fsbench.cli.inspect import KINDS
from fsbench.cli.main import app
from fsbench.engine.plugins import identify, plugin
from fsbench.interfaces import Swapper
from fsbench.metrics.spec import METRICS
from fsbench.mini import items, ready
from fsbench.protocols.presets import PRESETS, SUITES, FFppDefinition, FidDefinition, LfwDefinition, SpeedDefinition
from fsbench.reports.paired import PAIRED_COLUMNS
from fsbench.reports.tidy import RESULT_COLUMNS
from fsbench.run_folder import PAIR_COLUMNS, SAMPLE_COLUMNS

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md")) + [path for path in (ROOT / "README.md",) if path.exists()]
DEFINITIONS = {"ff++": FFppDefinition, "lfw": LfwDefinition, "fid": FidDefinition, "speed": SpeedDefinition}
STAGES = ("plan", "decode", "detect", "swap", "verify")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SHELL = ("bash", "sh", "console", "")
PIPES = ("|", ">", "2>", "&&", ";", "&")


def text(name: str = "") -> str:
    """Give a page, or all of them."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES if name in ("", page.name))


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Give language and content of each fenced block."""
    for indent, language, content in FENCE.findall(page.read_text(encoding="utf-8")):
        yield language, re.sub(f"^{indent}", "", content, flags=re.MULTILINE)


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def section(name: str, heading: str) -> str:
    """Give what stands under a heading, up to the next one of its level or a higher one."""
    level = heading.partition(" ")[0]
    _, found, rest = text(name).partition(f"\n{heading}\n")
    assert found, f"{name} has no heading '{heading}'"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(table: str) -> list[list[str]]:
    """Give the cells of the Markdown tables in a text."""
    lines = [line for line in table.splitlines() if line.startswith("|") and not set(line) <= set("|-: ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def unnamed(names: typing.Iterable[str], where: str) -> list[str]:
    """Name what does not stand in code marks somewhere in a text."""
    marked = "\n".join(re.findall(r"`[^`\n]+`", where))
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w+-])", marked)]


def commands(group: typing.Any, before: str = "") -> Iterator[tuple[str, typing.Any]]:
    """Give every command of the command line: "data check" and what it parses with."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


def shown_commands() -> list[tuple[str, str]]:
    """Give the page and the text of each fsbench command in a fenced block."""
    found = []
    for page in PAGES:
        for language, content in blocks(page):
            lines = re.sub(r"\\\n\s*", "", content).splitlines() if language in SHELL else []
            for line in lines:
                if match := re.match(r"\s*(?:\$ )?(?:\w+=\S+ )*(?:\S*/)?(fsbench (?!\d).*)", line):
                    found.append((page.name, match[1]))
    return found


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


LINKS = [
    (page, link)
    for page in PAGES
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page))
    if not re.match(r"[a-z]+:", link)
]


def example(language: str, mark: str) -> str:
    """Find the one example in the quick start that holds a mark."""
    page = ROOT / "docs" / "quickstart.md"
    (found,) = [content for kind, content in blocks(page) if kind == language and mark in content]
    return found


def test_every_name_of_the_catalogue_is_documented() -> None:
    names = [*catalog.SWAPPERS, *catalog.onnx_models(), *catalog.EVALUATORS, *catalog.PROTOCOLS]
    assert unnamed(names, text()) == []


def test_every_preset_suite_and_role_is_documented() -> None:
    roles = [role for suite in SUITES.values() for role in suite]
    assert unnamed([*PRESETS, *SUITES, *roles, *KINDS], text()) == []


def test_the_network_of_each_role_stands_in_the_table_of_suites() -> None:
    head, *table = rows(section("definitions.md", "## Suites"))
    for name, roles in SUITES.items():
        column = head.index(f"`{name}`")
        assert {row[0].strip("`"): row[column].strip("`") for row in table if row[column]} == roles


def test_each_evaluator_stands_in_the_page_of_networks_with_its_title() -> None:
    table = {row[0].strip("`"): row[1] for row in rows(section("evaluators.md", "## All networks"))[1:]}
    assert table == {name: catalog.load(entry.target).title for name, entry in catalog.EVALUATORS.items()}


def test_every_metric_is_documented_with_its_unit_and_direction() -> None:
    table = {row[0].strip("`"): row for row in rows(section("definitions.md", "## Metrics"))}
    for key, spec in METRICS.items():
        assert table[key][2:4] == [spec.unit, spec.better], key
        assert table[key][1].startswith(spec.title), key


@pytest.mark.parametrize("protocol", DEFINITIONS)
def test_every_choice_is_documented_with_each_of_its_values(protocol: str) -> None:
    kind = DEFINITIONS[protocol]
    shared = section("definitions.md", "### Choices of every protocol")
    values: dict[str, list[str]] = {}
    for choice, value, *_ in rows(shared + section("definitions.md", f"### Choices of {protocol}")):
        name = choice.strip("`") or list(values)[-1]  # an empty cell goes on with the choice above
        values.setdefault(name, []).append(value.strip("`"))
    for name, field in kind.model_fields.items():
        allowed = typing.get_args(field.annotation) if typing.get_origin(field.annotation) is typing.Literal else ()
        allowed = ("false", "true") if field.annotation is bool else allowed
        if allowed:
            assert sorted(values[name]) == sorted(allowed), name
        assert values[name][0].startswith(kind().as_text()[name]), f"the default of {name} comes first"


def test_the_table_of_presets_is_that_of_the_code() -> None:
    head, *table = rows(section("definitions.md", "## Presets").partition("\n| preset |")[0])
    defined = {name: preset["ff++"].as_text() for name, preset in PRESETS.items() if "ff++" in preset}
    assert [cell.strip("`") for cell in head[1:]] == list(defined)
    shown = {row[0].strip("`"): [cell.strip("`") for cell in row[1:]] for row in table}
    expected = {choice: [choices[choice] for choices in defined.values()] for choice in FFppDefinition.model_fields}
    assert shown == {choice: values for choice, values in expected.items() if len(set(values)) > 1}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_of_a_command_is_documented_in_its_section(command: str) -> None:
    parameters = COMMANDS[command].params
    flags = [flag for parameter in parameters for flag in (*parameter.opts, *parameter.secondary_opts)]
    found = section("commands.md", f"## fsbench {command}")
    assert unnamed([flag for flag in flags if flag.startswith("-")], found) == []


def test_every_key_of_the_settings_is_documented_with_its_default() -> None:
    table = {row[1].strip("`"): row for row in rows(section("commands.md", "## fsbench run"))}
    for name, field in records.RunConfig.model_fields.items():
        if not field.is_required():
            default = field.get_default(call_default_factory=True)
            assert table[name][2] == f"`{json.dumps(default)}`".replace("()", "[]"), name
    assert "protocol" in table


def test_every_file_and_field_of_a_run_is_documented() -> None:
    kinds: tuple[type[BaseModel], ...] = (
        *(records.RunResult, records.Measurement, records.Provenance, records.SwapperRecord),
    )
    fields = [name for kind in kinds for name in kind.model_fields]
    columns = [*PAIR_COLUMNS, *SAMPLE_COLUMNS, *RESULT_COLUMNS, *PAIRED_COLUMNS]
    page = text("results.md")
    assert unnamed([*fields, *columns, *STAGES, *(set(SUITES["offline"]) - {"detect"})], page) == []
    folders = [f"{name}/" for name in (records.SWAPS_FOLDER, records.STRIPS_FOLDER)]
    files = [records.RESULT_FILE, records.PAIRS_FILE, records.SAMPLES_FILE, records.FAILURES_FILE]
    assert [name for name in [*files, *folders] if name not in page] == []


@pytest.mark.parametrize("name", catalog.SWAPPERS)
def test_every_setting_of_a_swapper_is_documented(name: str) -> None:
    parameters = inspect.signature(catalog.load(catalog.SWAPPERS[name].target)).parameters
    found = section("swappers.md", f"## {'Controls' if name.startswith('copy-') else name}")
    assert unnamed(parameters, found) == []


@pytest.mark.parametrize(("page", "link"), LINKS, ids=[f"{page.name}: {link}" for page, link in LINKS])
def test_a_link_resolves(page: Path, link: str) -> None:
    file, _, anchor = link.partition("#")
    target = page.parent / file if file else page
    assert target.exists()
    assert not anchor or anchor in anchors(target)


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_a_command_that_is_shown_parses(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[: next((place for place, word in enumerate(words) if word in PIPES), len(words))]
    name, *words = words
    command = typer.main.get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name, *words = words
        assert name in command.commands, line
        command = command.commands[name]
    if words != ["--help"]:
        command.make_context(name, words)


def test_commands_are_shown() -> None:
    assert {"quickstart.md", "data.md", "swappers.md", "results.md", "extending.md"} <= {p for p, _ in shown_commands()}


def test_the_settings_file_of_the_quick_start_is_valid_and_has_every_key() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    found = tomllib.loads(example("toml", "protocol"))
    config = records.run_config(**found)
    assert set(found) == set(records.RunConfig.model_fields)
    assert FFppDefinition.model_validate({**FFppDefinition().model_dump(), **config.choices})
    for swapper in config.swappers:
        assert identify(plugin(catalog.swapper_target(swapper.name)[0], swapper.args, {}), Swapper)


def test_the_class_of_the_quick_start_keeps_the_rules(tmp_path: Path, cache_folder: Path) -> None:
    file = tmp_path / "my_swapper.py"
    file.write_text(example("python", "class CropSwap(Swapper)"), encoding="utf-8")
    target, first = catalog.swapper_target(f"{file}:CropSwap")
    by = identify(plugin(target, {**first, "strength": "0.8"}, {"device": "cpu"}), Swapper)
    pairs = items(ready(cache_folder), cache_folder, count=2)
    findings = conformance.check(by.plugin.build(), pairs)
    assert [(finding.name, finding.detail) for finding in findings if not finding.ok] == []
    (changed,) = by.plugin.build().swap(pairs[:1])
    assert changed.image.std() > 0


def test_no_page_names_a_place_on_a_machine() -> None:
    assert re.findall(r"/(?:home|work|Users|tmp)/\S*", text()) == []


EXAMPLES = [path for path in sorted((ROOT / "fsbench").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_of_docstrings_give_what_they_say(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
