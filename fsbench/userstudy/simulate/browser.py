"""A rater at the real server without a browser: links and pictures by HTTP, clicks by Streamlit's WebSocket.

Messages are those of the installed Streamlit, by its own classes. What a browser draws is not looked at, but every
script run, form, route and commit of the server is the same as with one.
"""

from __future__ import annotations

import http.client
import re
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fsbench.userstudy.simulate.clients import Failed, Seen
from fsbench.userstudy.simulate.truth import Answers

if TYPE_CHECKING:
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import ClientConnection

WAIT_SECONDS = 60.0
TRIES = 30  # of a link: a server lets in ten a second from one place
WIDGET = re.compile(r"\$\$ID-[0-9a-f]+-(.+)")  # how Streamlit writes the key of a widget into its id
QUESTION = re.compile(r"q-([tr])(\d+)-(\d+)-(\w+)")
PICTURE = re.compile(r"/picture/[0-9a-f]{32}")
CLICKS = ("agree", "start", "go-on")  # buttons of consent, instructions and break
KINDS = {"t": "training", "r": "rated"}
ALARM = 'role="alert"'
TAG = re.compile(r"<[^>]*>")
PNG = b"\x89PNG\r\n\x1a\n"


class ServerClient:
    """One rater's window: what a browser sends and receives, without drawing it."""

    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).netloc
        self._http = http.client.HTTPConnection(self._host, timeout=WAIT_SECONDS)
        self._cookie = ""
        self._open = ExitStack()
        self._socket: ClientConnection | None = None
        self._widgets: dict[str, str] = {}  # key -> id
        self._texts: list[str] = []

    def join(self, token: str) -> None:
        """Come by a link, open the page, agree, and read the instructions."""
        from websockets.sync.client import connect
        from websockets.typing import Origin, Subprotocol

        status, headers, _ = self._get(f"/join/{token}")
        for _ in range(TRIES):
            if status != http.HTTPStatus.TOO_MANY_REQUESTS:
                break
            time.sleep(0.3)
            status, headers, _ = self._get(f"/join/{token}")
        if status != http.HTTPStatus.SEE_OTHER:
            raise Failed(f"the link was answered with {status}")
        self._cookie = headers["set-cookie"].partition(";")[0]
        window = connect(
            f"ws://{self._host}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(f"http://{self._host}"),
            additional_headers={"Cookie": self._cookie},
            open_timeout=WAIT_SECONDS,
            max_size=None,
        )
        self._socket = self._open.enter_context(window)
        self._run({})
        self._on()

    def page(self) -> Seen | None:
        """Look at the page that is there, and its pictures; None when all is rated."""
        found = [match for key in self._widgets if (match := QUESTION.fullmatch(key))]
        if alarms := [text for text in self._texts if ALARM in text]:
            raise Failed(f"the page says: {' '.join(TAG.sub(' ', alarms[0]).split())}")
        if not found:
            return None
        for path in dict.fromkeys(PICTURE.findall("".join(self._texts))):
            status, _, body = self._get(path)
            if status != http.HTTPStatus.OK or not body.startswith(PNG):
                raise Failed(f"a picture was answered with {status}")
        return Seen(KINDS[found[0][1]], int(found[0][2]), len({match[3] for match in found}))

    def submit(self, answers: Answers) -> None:
        """Choose all answers and press the button; the page is stored when the next one is there.

        Raises:
            Failed: the same page is there again.
        """
        name = next(match[1] + match[2] for key in self._widgets if (match := QUESTION.fullmatch(key)))
        values: dict[str, str | bool] = {
            f"q-{name}-{slot}-{question}": str(score)
            for slot, scores in answers.items()
            for question, score in scores.items()
        }
        self._run({**values, f"next-{name}": True})
        if any(key.startswith(f"q-{name}-") for key in self._widgets):
            raise Failed("the page was not saved")
        self._on()

    def close(self) -> None:
        """Close the window."""
        self._open.close()
        self._http.close()

    def _on(self) -> None:
        """Press the buttons of pages that ask nothing."""
        for key in CLICKS:
            if key in self._widgets:
                self._run({key: True})
                if key in self._widgets:
                    said = " ".join(TAG.sub(" ", text) for text in self._texts if ALARM in text)
                    raise Failed(f"the button '{key}' does nothing: {' '.join(said.split())}")

    def _run(self, values: dict[str, str | bool]) -> None:
        """Send the state of widgets, by key, and take in what the script draws; True presses a button."""
        from streamlit.proto.BackMsg_pb2 import BackMsg

        if self._socket is None:
            raise Failed("nobody came by a link")
        message = BackMsg()
        message.rerun_script.query_string = ""
        for key, value in values.items():
            if key not in self._widgets:
                raise Failed(f"the page has no '{key}'")
            widget = message.rerun_script.widget_states.widgets.add(id=self._widgets[key])
            if isinstance(value, bool):
                widget.trigger_value = value
            else:
                widget.string_value = value
        self._widgets, self._texts = {}, []
        self._socket.send(message.SerializeToString())
        while not self._take(self._receive()):
            pass

    def _receive(self) -> ForwardMsg:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        if self._socket is None:
            raise Failed("nobody came by a link")
        content = self._socket.recv(timeout=WAIT_SECONDS)
        message = ForwardMsg()
        message.ParseFromString(content if isinstance(content, bytes) else content.encode())
        return message

    def _take(self, message: ForwardMsg) -> bool:
        """Take in one message; tell whether the script is at its end."""
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            # a run that gave way to another one ends early: its successor's end is the one to wait for
            return message.script_finished != message.FINISHED_EARLY_FOR_RERUN
        if kind == "new_session":
            self._widgets, self._texts = {}, []
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(message.delta.new_element)
        return False

    def _draw(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind in ("radio", "button"):
            found = WIDGET.fullmatch(getattr(element, kind).id)
            if found:
                self._widgets[found[1]] = found[0]
        elif kind == "html":
            self._texts.append(element.html.body)
        elif kind == "exception":
            raise Failed(f"the page failed: {element.exception.type}")

    def _get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Ask for a path; the server closes connections that were idle for some seconds, so try twice."""
        headers = {"Cookie": self._cookie} if self._cookie else {}
        for attempt in (1, 2):
            try:
                self._http.request("GET", path, headers=headers)
                answer = self._http.getresponse()
                body = answer.read()
                return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body
            except (http.client.HTTPException, ConnectionError):
                self._http.close()
                if attempt == 2:
                    raise
        raise Failed("the server does not answer")
