"""`fsbench userstudy serve`: the pages that raters see."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("serve")(serve)


def serve(
    study: Annotated[Path | None, typer.Argument(help="Folder of the study; default: the newest one here.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 for any. [default: from 8501]")] = None,
    name: Annotated[list[str] | None, typer.Option("--name", help="Name of the public host; may be repeated.")] = None,
    store: Annotated[str, typer.Option(help="Address of the store, where it is not the study's own.")] = "",
) -> None:
    """Serve a study to its raters until Ctrl+C; with no study here, a demonstration from the mini set."""
    from fsbench.userstudy.page.server import free_port, is_local, run_server
    from fsbench.userstudy.page.studies import DEMONSTRATION, first_link, prepare, study_to_serve
    from fsbench.userstudy.spec import LINKS_FILE

    folder = study_to_serve(study, say=_say)
    for remark in prepare(folder, store):
        _say(remark)
    if not is_local(host):
        _say(f"everyone who reaches {host} reaches this server; links are secrets, so put TLS before it")

    def ready(address: str) -> None:
        print(f"serving {folder} at {address}", flush=True)
        if folder == DEMONSTRATION:
            print(f"the first rater: {first_link(folder, address)}", flush=True)
        _say(f"the links of raters are in {folder / LINKS_FILE}; stop with Ctrl+C")

    run_server(folder, url=store, host=host, port=free_port(host, port), names=name or [], ready=ready)


def _say(text: str) -> None:
    print(f"fsbench: {text}", file=sys.stderr, flush=True)
