"""What the server answers besides Streamlit's page: links that raters come by, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fsbench.errors import RecordError
from fsbench.userstudy.page.guards import Limiter
from fsbench.userstudy.page.markup import message_page
from fsbench.userstudy.page.served import COOKIE, PICTURES, Served, languages_of, picture_name
from fsbench.userstudy.store import Done, NotSaved, Prolific, Refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

COOKIE_SECONDS = 90 * 24 * 3600
TRIES_A_SECOND = 10
UNCACHED = {"cache-control": "no-store"}


def routes(study: Served) -> list[BaseRoute]:
    """Give the routes of a study."""
    from starlette.routing import Route

    door = Door(study)
    return [
        Route("/join/{token}", door.join, methods=["GET"]),
        Route(PICTURES + "{name}", door.picture, methods=["GET"]),
    ]


class Door:
    """Answers links and requests for pictures. Its methods block, so Starlette runs each in a thread."""

    def __init__(self, study: Served) -> None:
        self._study = study
        self._limiter = Limiter(TRIES_A_SECOND, seconds=1.0)

    def join(self, request: Request) -> Response:
        """Let a rater in by their link: the token goes out of the address, into a cookie that scripts cannot read."""
        from starlette.responses import RedirectResponse

        if not self._limiter.allows(request.client.host if request.client else ""):
            return self._says(request, "too_often", 429)
        query = request.query_params
        prolific = None
        if pid := query.get("PROLIFIC_PID", ""):
            prolific = Prolific(pid, query.get("STUDY_ID", ""), query.get("SESSION_ID", ""))
        try:
            joined = self._study.store.join(request.path_params["token"], prolific)
        except Refused as refusal:
            return self._says(request, "full" if refusal.reason == "full" else "wrong_link", 409)
        except NotSaved:
            return self._says(request, "failed", 503)
        if joined is None:
            return self._says(request, "wrong_link", 404)
        answer = RedirectResponse("/", status_code=303, headers=UNCACHED)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, joined.cookie, max_age=COOKIE_SECONDS, path="/", httponly=True, samesite="lax", secure=secure
        )
        return answer

    def picture(self, request: Request) -> Response:
        """Give a picture of the page that the rater is at. All have the same headers, and in a study one length."""
        from starlette.responses import Response

        try:
            path = self._path(request.cookies.get(COOKIE, ""), request.path_params["name"])
        except RecordError:  # the database is gone for now
            return Response("try again", 503, headers={**UNCACHED, "retry-after": "1"}, media_type="text/plain")
        if path is None:
            return Response("not found", 404, headers=UNCACHED, media_type="text/plain")
        return Response(path.read_bytes(), headers=UNCACHED, media_type="image/png")

    def _path(self, cookie: str, name: str) -> Path | None:
        session = self._study.store.session(cookie)
        if session is None or not session.has_consented:
            return None
        page = self._study.store.next_page(session)
        if isinstance(page, Done):
            return None
        named = {picture_name(page, asset): asset for asset in (page.source, page.target, *page.results)}
        return self._study.store.asset_path(session, named[name]) if name in named else None

    def _says(self, request: Request, text: str, status: int) -> Response:
        from starlette.responses import HTMLResponse

        language = self._study.language(None, languages_of(request.headers.get("accept-language", "")))
        words = self._study.words(language)
        return HTMLResponse(message_page(language, words.title, getattr(words, text)), status, headers=UNCACHED)
