"""The server of a study: Streamlit through its public `App`, with our own routes and a guard before everything."""

from __future__ import annotations

import gc
import ipaddress
import socket
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from fsbench.errors import ConfigError, DependencyError
from fsbench.userstudy.page.guards import Guard
from fsbench.userstudy.page.settings import settings

FIRST_PORT = 8501
PORTS_TRIED = 20
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
SCRIPT = Path(__file__).with_name("app.py")


def run_server(
    folder: Path, *, url: str, host: str, port: int, names: Sequence[str], ready: Callable[[str], None]
) -> None:
    """Serve a study until the process is told to stop.

    Args:
        folder: of the study.
        url: address of the store, "" for the study's own.
        host: address to listen on.
        port: a free port.
        names: the names by which browsers may call this server, besides those of the machine itself.
        ready: is called with the server's address once browsers can come.

    Raises:
        DependencyError: Streamlit is not installed, or too old.
        FsbenchError: the study or its store cannot be opened.
    """
    try:
        from starlette.middleware import Middleware
        from streamlit import App
    except ImportError as error:
        message = f"a study is served by Streamlit 1.67 or newer: {error}"
        raise DependencyError(message, hint="pip install 'fsbench[userstudy]'") from None
    from fsbench.userstudy.page.routes import routes
    from fsbench.userstudy.page.served import served

    study, allowed = served(str(folder), url), allowed_names(host, names)
    app = App(
        SCRIPT,
        secrets={"study": {"folder": str(folder), "url": url}},
        routes=routes(study),
        middleware=[Middleware(Guard, hosts=allowed)],
        lifespan=_lifespan(lambda: ready(f"http://{_in_address(host)}:{port}/")),
        on_script_error=_reports(study.words(study.spec.language).failed),
    )
    app.run(config=settings(host, port, allowed))


def _lifespan(ready: Callable[[], None]) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any] | None]]:
    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any] | None]:
        import fsbench.userstudy.page.flow  # noqa: F401  what the first rater would wait for

        gc.collect()
        gc.freeze()  # what is loaded stays: later collections need not look at it
        ready()
        yield None

    return lifespan


def _reports(text: str) -> Callable[[Exception], bool]:
    """Tell the operator of an error in a page, without who it was or what they answered; tell the rater `text`."""

    def report(error: Exception) -> bool:
        import streamlit

        from fsbench.userstudy.page.markup import alarm

        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        print(f"fsbench: a page failed: {type(error).__name__} in {where}", file=sys.stderr)  # noqa: T201  the log
        streamlit.html(alarm(text))
        return True

    return report


def allowed_names(host: str, names: Sequence[str]) -> list[str]:
    """Give the names that a request may call this server by; empty for any.

    Where the server listens to this machine alone, other names are refused, so that a page elsewhere cannot reach it by
    pointing its own name here. Where it listens to all and no name is given, any is taken.
    """
    if names:
        return [*names, *LOCAL_NAMES]
    if is_local(host):
        return list(LOCAL_NAMES)
    return [] if host in ("0.0.0.0", "::") else [_in_address(host)]


def is_local(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def free_port(host: str, port: int | None) -> int:
    """Find a port to listen on: the one asked for, any for 0, or else the first free one from 8501.

    Raises:
        ConfigError: it is taken, or the address is none of this machine.
    """
    wanted = [port] if port is not None else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    error: OSError | None = None
    for candidate in wanted:
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, candidate))
                return int(probe.getsockname()[1])
        except OSError as caught:
            error = caught
    shown = f"{host}:{port}" if port is not None else f"{host}, ports {wanted[0]} to {wanted[-1]},"
    raise ConfigError(
        f"{shown} cannot be listened on: {error.strerror if error else ''}", hint="--port 0 takes any free one"
    )


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
