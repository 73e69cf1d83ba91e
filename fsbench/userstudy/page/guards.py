"""What stands before every request: headers, closed paths, names of hosts, and how often links may be tried."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# Streamlit answers all of these to everybody: numbers of sessions, an interface for programs, uploads, media by hash.
CLOSED_PATHS = (
    *("/_stcore/metrics", "/_stcore/agent", "/_stcore/upload_file", "/_stcore/script-health-check"),
    *("/media", "/component", "/_stcore/bidi-components", "/auth", "/oauth2callback"),
)

# Streamlit's page needs inline styles and one inline script; a picture comes from here or stands in the page itself.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "x-robots-tag": "noindex, nofollow",
}


class Guard:
    """Wraps the whole server: refuses closed paths and foreign hosts, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if scope["type"] == "websocket":
            if refused:
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._app(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = [pair for pair in message["headers"] if pair[0].lower() not in _REPLACED]
                message["headers"] = [*given, *_RAW_HEADERS]
            await send(message)

        if refused:
            status, text = refused
            start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
            await send_with_headers(start)
            await send({"type": "http.response.body", "body": text})
        else:
            await self._app(scope, receive, send_with_headers)

    def _refused(self, scope: Scope) -> tuple[int, bytes] | None:
        if self._hosts:
            host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
            name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
            if name.lower() not in self._hosts:
                return 400, b"unknown host"
        path = scope["path"]
        if any(path == closed or path.startswith(closed + "/") for closed in CLOSED_PATHS):
            return 404, b"not found"
        return None


_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_REPLACED = {name.encode() for name in HEADERS}


class Limiter:
    """Counts tries by address: no more than so many in so many seconds.

    >>> limiter = Limiter(2, seconds=1.0, clock=iter([0.0, 0.1, 0.2, 1.15]).__next__)
    >>> [limiter.allows("here") for _ in range(4)]
    [True, True, False, True]
    """

    def __init__(self, tries: int, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries, self._seconds, self._clock = tries, seconds, clock
        self._seen: dict[str, deque[float]] = {}

    def allows(self, address: str) -> bool:
        """Count a try, and tell whether it may go on."""
        now = self._clock()
        if len(self._seen) > 10_000:  # forget who has not come for a while, so that memory stays bounded
            self._seen = {name: times for name, times in self._seen.items() if now - times[-1] < self._seconds}
        times = self._seen.setdefault(address, deque())
        while times and now - times[0] >= self._seconds:
            times.popleft()
        if len(times) >= self._tries:
            return False
        times.append(now)
        return True
