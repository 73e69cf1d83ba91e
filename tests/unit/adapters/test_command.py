import math
import os
import shlex
import sys
import time

import numpy as np
import pytest

from fsbench.adapters.command import Command
from fsbench.adapters.process import TAIL
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, ItemError

START = "import sys; from PIL import Image; source, target, output = sys.argv[1:4]; "
COPY_SOURCE = START + "Image.open(source).resize(Image.open(target).size).save(output)"


def call(code: str, tail: str = "{source} {target} {output}") -> str:
    quoted = shlex.quote(code.replace("{", "{{").replace("}", "}}"))
    return f"{shlex.quote(sys.executable)} -c {quoted} {tail}"


@pytest.fixture
def item(flat_face, make_item):
    return make_item(flat_face(200, "source"), flat_face(100, "target"))


def swap(item, code: str, **settings):
    return Command(call=call(code), **settings).swap([item])[0]


def reason(item, code: str, **settings) -> str:
    outcome = swap(item, code, **settings)
    assert isinstance(outcome, ItemError)
    assert "\n" not in outcome.reason
    return outcome.reason


def test_a_program_that_writes_a_picture_succeeds(item):
    outcome = swap(item, COPY_SOURCE)
    assert outcome.image.shape == (40, 60, 3)
    assert (outcome.image == 200).all()


def test_the_program_reads_the_very_pixels_of_the_target(people, make_item):
    target = people[-1]
    outcome = swap(make_item(people[0], target), START + "Image.open(target).save(output)")
    assert np.array_equal(outcome.image, read_rgb(target.image.path))


def test_the_output_has_the_ending_that_was_asked_for(item):
    code = START + "import os; Image.open(source).save(output) if output.endswith('.bmp') else os.abort()"
    assert (swap(item, code, suffix=".bmp").image == 200).all()


def test_placeholders_may_be_parts_of_words(item):
    code = START.replace("sys.argv[1:4]", "(a.partition('=')[2] for a in sys.argv[1:4])") + (
        "Image.open(source).save(output)"
    )
    command = Command(call=call(code, "--s={source} --t={target} --o={output}"))
    assert (command.swap([item])[0].image == 200).all()


def test_a_crash_gives_the_exit_code_and_the_end_of_stderr(item):
    found = reason(item, "import sys; print('the weights\\nare gone', file=sys.stderr); sys.exit(3)")
    assert found == "the program ended with exit code 3: the weights | are gone"


def test_a_program_ended_by_a_signal_is_told_from_an_exit(item):
    assert "signal 9" in reason(item, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")


def test_a_hanging_program_is_stopped_with_its_children(item, tmp_path):
    mark = tmp_path / "child"
    child = f"import time; time.sleep(4); open({str(mark)!r}, 'w')"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    started = time.monotonic()
    assert "no result after 1 s" in reason(item, code, timeout=1)
    time.sleep(max(0, 5.5 - (time.monotonic() - started)))
    assert not mark.exists()


def test_a_program_that_writes_nothing_fails(item):
    assert "wrote no output.png" in reason(item, "pass")


def test_a_text_file_is_no_picture(item):
    found = reason(item, START + "open(output, 'w').write('hello')")
    assert "output.png cannot be read as a picture" in found


def test_a_result_of_another_size_names_both_sizes(item):
    found = reason(item, START + "Image.new('RGB', (7, 5)).save(output)")
    assert "7 x 5" in found and "60 x 40" in found


def test_a_megabyte_of_stderr_neither_blocks_nor_floods(item):
    loud = "import sys; sys.stderr.write('x' * 2_000_000 + '\\x1b[31m the end'); "
    assert (swap(item, loud + COPY_SOURCE, timeout=20).image == 200).all()
    found = reason(item, loud + "sys.exit(1)", timeout=20)
    assert found.endswith("the end")
    assert "\x1b" not in found
    assert len(found) < TAIL + 100


def test_one_failed_item_costs_one_item(item, people, make_item):
    code = START + "sys.exit(1) if Image.open(target).size == (60, 40) else Image.open(target).save(output)"
    first, second = Command(call=call(code)).swap([item, make_item(people[0], people[-1])])
    assert isinstance(first, ItemError)
    assert not isinstance(second, ItemError)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "empty"),
        ("true {source} {target}", "lacks {output}"),
        ("true", "lacks {source}, {target}, {output}"),
        ("true {source} {target} {output} {mask}", "{mask}"),
        ("true {source} {target} {output} {}", "{}"),
        ("true '{source} {target} {output}", "split"),
        ("true {source} {target} {output", "split"),
        ("no-such-program-anywhere {source} {target} {output}", "no-such-program-anywhere"),
    ],
)
def test_a_call_that_cannot_work_is_refused_before_the_run(text, found):
    with pytest.raises(ConfigError) as caught:
        Command(call=text)
    assert found in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("settings", [{"timeout": 0}, {"timeout": math.nan}, {"cwd": "nowhere"}, {"suffix": ".txt"}])
def test_a_wrong_setting_is_refused(settings):
    with pytest.raises(ConfigError):
        Command(call="true {source} {target} {output}", **settings)


def test_a_script_is_found_from_its_folder_and_an_edit_changes_the_fingerprint(item, tmp_path):
    script = tmp_path / "swap.py"
    script.write_text(COPY_SOURCE.replace("; ", "\n"))
    command = Command(call=f"{shlex.quote(sys.executable)} swap.py {{source}} {{target}} {{output}}", cwd=str(tmp_path))
    before = command.fingerprint(item.pair)
    assert (command.swap([item])[0].image == 200).all()
    assert command.fingerprint(item.pair) == before
    script.write_text(script.read_text() + "\n# edited")
    assert command.fingerprint(item.pair) != before


def test_a_program_beside_the_script_folder_needs_no_path_variable(item, tmp_path):
    program = tmp_path / "swap.sh"
    program.write_text('#!/bin/sh\ncp "$1" "$3"\n')
    program.chmod(0o755)
    command = Command(call="./swap.sh {source} {target} {output}", cwd=str(tmp_path))
    assert (command.swap([item])[0].image == 200).all()


def test_no_shell_reads_the_call(item, tmp_path):
    mark = tmp_path / "mark"
    command = Command(call=call(COPY_SOURCE, f"{{source}} {{target}} {{output}} ; touch {mark} $(touch {mark})"))
    assert (command.swap([item])[0].image == 200).all()
    assert not mark.exists()


def test_no_temporary_files_stay(item, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    swap(item, COPY_SOURCE)
    reason(item, "raise SystemExit(1)")
    assert os.listdir(tmp_path) in ([], ["flat_pictures"])
