"""What stands before every request of the server, and what Streamlit is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fsbench.errors import ConfigError
from fsbench.userstudy.page.guards import CLOSED_PATHS, HEADERS, Guard, Limiter
from fsbench.userstudy.page.server import allowed_names, free_port, is_local
from fsbench.userstudy.page.settings import settings


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    headers = [(b"content-type", b"text/html"), (b"X-Frame-Options", b"ALLOWALL")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


def ask(
    path: str, host: str = "localhost:8501", kind: str = "http", hosts: tuple[str, ...] = ("localhost",)
) -> list[Any]:
    """Send a request through the guard; give what comes back."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    scope = {"type": kind, "path": path, "headers": [(b"host", host.encode())]}
    asyncio.run(Guard(_hello, hosts)(scope, receive, send))
    return sent


def test_every_answer_carries_the_headers_once() -> None:
    for path, status in (("/", 200), ("/_stcore/metrics", 404)):
        start = ask(path)[0]
        names = [name.decode().lower() for name, _ in start["headers"]]
        assert start["status"] == status
        assert set(HEADERS) <= set(names) and len(names) == len(set(names))
        assert dict(start["headers"])[b"x-frame-options"] == b"DENY"


@pytest.mark.parametrize("path", [*CLOSED_PATHS, "/_stcore/agent/interact", "/media/abc.png"])
def test_what_streamlit_tells_everybody_is_closed(path: str) -> None:
    assert ask(path)[0]["status"] == 404


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/host-config", "/static/js/a.js", "/mediations", "/join/x"]
)
def test_what_a_page_needs_is_open(path: str) -> None:
    assert ask(path)[0]["status"] == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("localhost.evil.org", False),
        ("evil.org:8501", False),
        ("", False),
        ("[::1]:8501", False),
    ],
)
def test_a_foreign_name_for_this_server_is_refused(host: str, known: bool) -> None:
    assert ask("/", host)[0]["status"] == (200 if known else 400)
    assert ask("/_stcore/stream", host, "websocket")[0]["type"] == ("websocket.accept" if known else "websocket.close")


def test_without_names_any_is_taken() -> None:
    assert ask("/", "anything.example", hosts=())[0]["status"] == 200


def test_an_address_with_a_port_is_matched_without_it() -> None:
    assert ask("/", "[::1]:8501", hosts=("[::1]",))[0]["status"] == 200
    assert ask("/", "[::1]", hosts=("[::1]",))[0]["status"] == 200


def test_the_limiter_counts_each_address_by_itself_and_forgets() -> None:
    now = [0.0]
    limiter = Limiter(10, seconds=1.0, clock=lambda: now[0])
    assert [limiter.allows("a") for _ in range(11)] == [True] * 10 + [False]
    assert limiter.allows("b")
    now[0] = 1.0
    assert limiter.allows("a")


def test_the_limiter_does_not_grow_without_end() -> None:
    now = [0.0]
    limiter = Limiter(10, seconds=1.0, clock=lambda: now[0])
    for number in range(30_000):
        now[0] += 0.001
        assert limiter.allows(str(number))
    assert len(limiter._seen) <= 10_001


@pytest.mark.parametrize(
    ("host", "names", "expected"),
    [
        ("127.0.0.1", [], ["localhost", "127.0.0.1", "[::1]"]),
        ("127.0.0.1", ["study.example"], ["study.example", "localhost", "127.0.0.1", "[::1]"]),
        ("0.0.0.0", [], []),
        ("192.0.2.7", [], ["192.0.2.7"]),
    ],
)
def test_the_names_that_are_taken(host: str, names: list[str], expected: list[str]) -> None:
    assert allowed_names(host, names) == expected


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_which_addresses_are_local(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_a_port_that_is_taken_or_an_address_of_another_machine_is_an_error_in_one_line() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be listened on: Address already in use"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", 0) > 0
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1:8501 cannot be listened on"):
        free_port("192.0.2.1", 8501)


def test_streamlit_knows_every_setting() -> None:
    from streamlit import config

    assert not [name for name in settings("127.0.0.1", 1, []) if name not in config._config_options_template]
