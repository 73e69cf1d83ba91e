"""The command line: its commands, and what becomes of errors."""

from __future__ import annotations

import errno
import functools
import sys
from typing import Any

import typer

from fsbench.cli import (
    assets,
    baseline,
    compare,
    explain,
    export,
    figures,
    history,
    inspect,
    leaderboard,
    report,
    run,
    swap,
    train,
    userstudy,
    zoo,
)
from fsbench.errors import FsbenchError

app = typer.Typer(
    name="fsbench",
    help="Measure face-swap models the way the papers say they do, and say exactly how.",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _start(context: typer.Context, version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        import fsbench

        print(f"fsbench {fsbench.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


run.register(app)
swap.register(app)
inspect.register(app)
report.register(app)
explain.register(app)
figures.register(app)
leaderboard.register(app)
compare.register(app)
baseline.register(app)
history.register(app)
assets.register(app)
zoo.register(app)
train.register(app)
export.register(app)
userstudy.register(app)

INTERRUPTED = 130
KEPT = "interrupted; what was finished is kept, and the same command goes on from there"
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def main() -> None:
    """Run a command; turn what the user can mend into one line and a hint, exit 2, and an interrupt into exit 130."""
    try:
        code = _command()(standalone_mode=False)
    except FsbenchError as error:
        _fail(str(error), error.hint, error.exit_code)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "fsbench"
        describe = getattr(error, "format_message", error.__str__)
        _fail(describe(), f"{command} --help", getattr(error, "exit_code", 2))
    except (KeyboardInterrupt, typer.Abort):
        _fail(KEPT, "", INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: there is nobody to tell
        sys.exit(141)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        _fail(f"{error.filename or 'the disk'}: {error.strerror}", "make room, then repeat the command")
    if code == INTERRUPTED:
        _fail(KEPT, "", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


@functools.cache
def _command() -> Any:
    """Build the command line of all commands, which takes a quarter of a second, once in a process."""
    return typer.main.get_command(app)


def _fail(message: str, hint: str, code: int = 2) -> None:
    print(f"fsbench: {message}", file=sys.stderr)
    if hint:
        print(f"  try: {hint}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
