"""A study in Chromium: a whole visit by mouse, keyboard, phone and zoom, and nothing that says who made a picture."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import PATIENCE, Open, Visit
from postgres import postgres_server
from serving import Server
from sqlalchemy import text
from studies import Made, make_study, rater_at_work

from fsbench.userstudy.spec import STORE_FILE

WIDTHS = {"desktop": (1280, 900), "tablet": (768, 1024), "phone": (390, 844), "desktop at 200 %": (640, 450)}
READY, START, NEXT = "I have read this and want to take part", "Start", "Save and go on"
PAGES = ["t1", "r1", "r2", "r3", "r4"]  # 1 of practice; 2 sets, 1 gold, 1 repeat


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    sizes = {"raters": 13, "per_rater": 2, "sets": 4, "training": 1, "gold": 1, "repeats": 1}
    return make_study(tmp_path_factory.mktemp("seen") / "noise", completion_code="C0DE-42", **sizes)


@pytest.fixture(scope="module")
def server(made: Made) -> Iterator[Server]:
    with Server(made.folder) as running:
        yield running


def come(visit: Open, server: Server, made: Made, ordinal: int, **given: Any) -> Visit:
    seen = visit(f"{server.address}/join/{made.links.raters[ordinal - 1]}", **given)
    seen.home = server.address
    seen.page.get_by_role("button", name=READY).wait_for()
    return seen


def at_work(visit: Open, server: Server, made: Made, ordinal: int, **given: Any) -> Any:
    """Open the first page with pictures of a rater who agreed and read the instructions elsewhere."""
    store = made.open()
    rater_at_work(made, store, ordinal)
    store.close()
    seen = visit(f"{server.address}/join/{made.links.raters[ordinal - 1]}", **given)
    wait_for(seen.page, "t1")
    return seen.page


def through(pass_on: Callable[[Any], None]) -> Callable[[Any], None]:
    """Let what a page and its server say to each other go through a function of ours."""
    return lambda page: page.route_web_socket(lambda address: "_stcore/stream" in address, pass_on)


def begin(seen: Visit) -> Any:
    """Go as far as the first page with pictures."""
    seen.page.get_by_role("button", name=READY).click()
    seen.page.get_by_role("button", name=START).click()
    wait_for(seen.page, "t1")
    return seen.page


def wait_for(page: Any, name: str) -> None:
    """Wait until a page to rate is there, pictures and all."""
    groups = f"document.querySelectorAll('[class*=st-key-q-{name}-] [role=radiogroup]').length"
    until(page, f"{groups} === 9")  # Streamlit loads its widgets one by one
    until(page, "[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def until(page: Any, condition: str) -> None:
    """Wait for a condition; Playwright's own way to do so is forbidden by the page's policy on scripts."""
    for _ in range(PATIENCE // 50):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def answer(page: Any, name: str, score: int = 3) -> None:
    for slot in range(3):
        for question in ("realism", "identity", "attributes"):
            page.locator(f".st-key-q-{name}-{slot}-{question} label[data-testid=stRadioOption]").nth(score).click()


def save(page: Any) -> None:
    page.get_by_role("button", name=NEXT).click()


def scores(made: Made, ordinal: int) -> list[int]:
    """The scores of a rater in the store, page by page."""
    query = (
        "SELECT score FROM rating JOIN assignment ON assignment.id = assignment_id JOIN rater ON rater.id = rater_id "
        "WHERE ordinal = ? ORDER BY position, rating.slot, question"
    )
    with sqlite3.connect(made.folder / STORE_FILE) as connection:
        return [score for (score,) in connection.execute(query, (ordinal,))]


def test_a_whole_visit_by_mouse_shows_the_code_only_when_all_is_saved_and_never_who_made_a_picture(
    visit: Open, server: Server, made: Made
) -> None:
    frames: list[bytes | str] = []
    responses: list[Any] = []

    def listen(page: Any) -> None:
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
        page.on("response", lambda response: responses.append(response))

    seen = come(visit, server, made, 1, first=listen)
    page = begin(seen)
    assert page.url == f"{server.address}/"  # no token stays in the address
    assert "fsbench" not in page.evaluate("document.cookie")  # Streamlit's own token against forged requests is there
    assert page.title() == "How good are these face swaps?"
    shown = []
    for name, following in zip(PAGES, [*PAGES[1:], ""], strict=True):
        shown.append(page.content())
        assert page.locator("input[type=radio]:checked").count() == 0
        assert page.locator("[data-testid=stMain]").evaluate("main => main.scrollTop") == 0
        answer(page, name, score=PAGES.index(name))
        assert "C0DE-42" not in page.content()
        save(page)
        if following:
            wait_for(page, following)
            assert len(scores(made, 1)) == 9 * (PAGES.index(name) + 1)  # acknowledged by the next page: on disk
    page.get_by_text("C0DE-42").wait_for()
    assert scores(made, 1) == [number for number in range(5) for _ in range(9)]
    assert seen.errors == [] and seen.foreign == []
    _check_that_nothing_was_told(made, shown, frames, responses)


def _check_that_nothing_was_told(made: Made, shown: list[str], frames: list[bytes | str], responses: list[Any]) -> None:
    pictures, told = {}, [*shown, *(_told(frame) for frame in frames)]
    for response in responses:
        body = b"" if response.status in (301, 303) else response.body()
        told.append(f"{response.url} {response.all_headers()}\n{body.decode('latin-1')}")
        if "/picture/" in response.url:
            pictures[response.url.rpartition("/")[2]] = body
    whole = "\n".join(told)
    assert len(frames) > 10 and len(pictures) == 25 and len(whole) > 1_000_000
    hidden = [rf"\b{name}\b" for name in made.spec.method_names]
    hidden += [r"\b(main|training|gold)0\d\d\b", r"assets/[0-9a-f]", re.escape(str(made.folder)), made.spec.sha256]
    assert [pattern for pattern in hidden if re.search(pattern, whole)] == []
    _check_pictures(made, pictures)


def _told(frame: bytes | str) -> str:
    """Everything in a WebSocket frame from the server, as text."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    if isinstance(frame, str):
        return frame
    message = ForwardMsg()
    message.ParseFromString(frame)
    return f"{message!s}\n{frame.decode('latin-1')}"


def _check_pictures(made: Made, pictures: dict[str, bytes]) -> None:
    stored = {file.read_bytes() for file in (made.folder / "assets").iterdir()}
    assert len({len(body) for body in pictures.values()}) == 1
    assert len(set(pictures.values())) < len(pictures)  # a set came twice, under other names
    for name, body in pictures.items():
        assert _chunks(body) == ["IHDR", "IDAT", "IEND"] and len(body) > 0
        assert body in stored and not list((made.folder / "assets").glob(f"{name}*"))  # untouched; its name is another


def _chunks(png: bytes) -> list[str]:
    names, place = [], 8
    while place < len(png):
        length, name = struct.unpack(">I4s", png[place : place + 8])
        names.append(name.decode())
        place += 12 + length
    return list(dict.fromkeys(names))


def test_a_whole_visit_by_keyboard_alone(visit: Open, server: Server, made: Made) -> None:
    page = come(visit, server, made, 2).page
    for name in (READY, START):
        focused = f"document.activeElement.tagName === 'BUTTON' && document.activeElement.innerText.trim() === '{name}'"
        _tab_to(page, focused)
        page.keyboard.press("Enter")
        if name == READY:
            page.get_by_role("button", name=START).wait_for()
            until(page, "document.activeElement.classList.contains('fs-heading')")
    for number, name in enumerate(PAGES):
        wait_for(page, name)
        until(page, "document.activeElement.classList.contains('fs-heading')")
        for slot in range(3):
            for question in ("realism", "identity", "attributes"):
                page.keyboard.press("Tab")  # one stop a question
                inside = "document.activeElement.closest('[class*=st-key-q-]').className"
                assert f"st-key-q-{name}-{slot}-{question} " in page.evaluate(inside)
                if slot == 1:  # by arrows, the first of which chooses 0 or 1
                    page.keyboard.press("Space")
                    page.keyboard.press("ArrowRight")
                else:
                    page.keyboard.press(str(number))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.get_by_text("C0DE-42").wait_for()
    found = scores(made, 2)
    assert len(found) == 45
    assert [found[9 * number : 9 * number + 3] for number in range(5)] == [[number] * 3 for number in range(5)]
    assert set(found[3:6]) == {1}


def _tab_to(page: Any, condition: str) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(condition):
            return
    raise AssertionError("no way there by Tab")


@pytest.fixture(scope="module")
def wide_page(chromium: Any, server: Server, made: Made) -> Iterator[Any]:
    """A page to rate that is looked at in several widths."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    store = made.open()
    rater_at_work(made, store, 3)
    store.close()
    page.goto(f"{server.address}/join/{made.links.raters[2]}")
    wait_for(page, "t1")
    yield page
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_whole_scale_is_seen_and_can_be_hit(wide_page: Any, width: str) -> None:
    page = wide_page
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
    groups = page.locator("[class*=st-key-q-] [role=radiogroup]")
    assert groups.count() == 9
    for group in groups.all():
        outer = group.evaluate(
            "one => { const card = one.closest('[class*=st-key-card-]').getBoundingClientRect(); "
            "return [card.left, card.right, document.documentElement.clientWidth] }"
        )
        boxes = [option.bounding_box() for option in group.locator("label").all()]
        assert len(boxes) == 6 and len({round(box["y"]) for box in boxes}) == 1  # 0 to 5 in one line
        assert min(box["x"] for box in boxes) >= max(outer[0], 0)
        assert max(box["x"] + box["width"] for box in boxes) <= min(outer[1], outer[2])
        assert min(box["width"] for box in boxes) >= 24 and min(box["height"] for box in boxes) >= 44
        assert max(box["width"] for box in boxes) - min(box["width"] for box in boxes) < 1  # none is easier to hit
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")  # no scrolling sideways
    small = page.locator(".fs-small").first.is_visible()
    assert small == (width != "desktop")  # source and target again, where they have scrolled away
    results = page.locator(".st-key-results figure:not(.fs-small figure) img").all()
    boxes = [image.bounding_box() for image in results]
    sizes = {(box["width"], box["height"]) for box in boxes}
    assert len(results) == 3 and sizes == {(64, 64)}


def test_a_touch_screen_can_do_a_page(visit: Open, server: Server, made: Made, chromium: Any) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{server.address}/join/{made.links.raters[6]}")
    page.get_by_role("button", name=READY).tap()
    page.get_by_role("button", name=START).tap()
    wait_for(page, "t1")
    for slot in range(3):
        for question in ("realism", "identity", "attributes"):
            page.locator(f".st-key-q-t1-{slot}-{question} label[data-testid=stRadioOption]").nth(5).tap()
    page.get_by_role("button", name=NEXT).tap()
    wait_for(page, "r1")
    assert scores(made, 7) == [5] * 9
    context.close()


def test_what_is_missing_is_named_and_gets_the_focus(visit: Open, server: Server, made: Made) -> None:
    page = at_work(visit, server, made, 8)
    answer(page, "t1")
    page.reload()  # answers that were not saved are gone, the page is the same
    wait_for(page, "t1")
    assert page.locator("input[type=radio]:checked").count() == 0
    page.locator(".st-key-q-t1-0-realism label[data-testid=stRadioOption]").nth(4).click()
    save(page)
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "Result A: Identity, Pose, expression, light; Result B:" in alert.inner_text()
    until(page, "!!document.activeElement.closest('.st-key-q-t1-0-identity')")
    assert page.locator("input[type=radio]:checked").count() == 1 and scores(made, 8) == []


def test_two_windows_and_the_back_button_stay_on_the_way(visit: Open, server: Server, made: Made) -> None:
    first = at_work(visit, server, made, 9)
    second = first.context.new_page()
    second.goto(server.address)
    wait_for(second, "t1")
    addresses = [image.get_attribute("src") for image in first.locator("img").all()]
    assert addresses == [image.get_attribute("src") for image in second.locator("img").all()]
    first.bring_to_front()  # Chromium slows down what lies behind
    answer(first, "t1", score=2)
    save(first)
    wait_for(first, "r1")
    second.bring_to_front()
    answer(second, "t1", score=5)
    save(second)
    wait_for(second, "r1")
    assert scores(made, 9) == [2] * 9
    first.bring_to_front()
    first.goto("about:blank")
    first.go_back(wait_until="commit")
    wait_for(first, "r1")
    answer(first, "r1")
    first.get_by_role("button", name=NEXT).dblclick()
    wait_for(first, "r2")
    assert scores(made, 9) == [2] * 9 + [3] * 9


def test_after_the_server_was_killed_the_rater_goes_on_where_it_was(visit: Open, tmp_path: Path) -> None:
    made = make_study(tmp_path / "noise", raters=1, per_rater=2, sets=2, training=1, gold=0, repeats=0)
    server = Server(made.folder)
    with server:
        page = at_work(visit, server, made, 1)
        answer(page, "t1", score=1)
        save(page)
        wait_for(page, "r1")
        answer(page, "r1", score=4)
        server.kill()
        assert scores(made, 1) == [1] * 9  # what was acknowledged, whole
        server.start()
        page.reload()
        wait_for(page, "r1")
        answer(page, "r1", score=2)
        save(page)
        wait_for(page, "r2")
        assert scores(made, 1) == [1] * 9 + [2] * 9


def test_the_page_has_no_fault_that_axe_finds(visit: Open, server: Server, made: Made) -> None:
    needs = "needs axe-playwright-python: pip install 'fsbench[dev]'"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=needs)
    seen = come(visit, server, made, 11)
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = {}
    for name in ("consent", "page"):
        result = axe.Axe().run(seen.page, options=rules).response["violations"]
        found[name] = [(one["id"], [node["html"][:200] for node in one["nodes"]][:2]) for one in result]
        if name == "consent" and seen.page.get_by_role("button", name=READY).count():
            begin(seen)
    assert found == {"consent": [], "page": []}


def test_a_dropped_connection_keeps_what_was_chosen_and_not_saved(visit: Open, server: Server, made: Made) -> None:
    links: list[Any] = []

    def pass_on(socket: Any) -> None:
        socket.connect_to_server()
        links.append(socket)

    page = at_work(visit, server, made, 12, first=through(pass_on))
    answer(page, "t1", score=4)
    links[-1].close()
    for _ in range(PATIENCE // 50):
        page.wait_for_timeout(50)
        if len(links) > 1:  # it comes back by itself
            break
    page.wait_for_timeout(500)
    assert page.locator("input[type=radio]:checked").count() == 9
    save(page)
    wait_for(page, "r1")
    assert scores(made, 12) == [4] * 9


def test_a_fault_of_ours_is_told_without_its_traceback(visit: Open, tmp_path: Path) -> None:
    made = make_study(tmp_path / "noise", raters=1)
    with sqlite3.connect(made.folder / STORE_FILE) as connection:
        for (rule,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{rule}"')  # they forbid what is done here
        connection.execute("UPDATE assignment SET stimulus_order = 'broken secret'")
    with Server(made.folder) as server:
        seen = come(visit, server, made, 1)
        seen.page.get_by_role("button", name=READY).click()
        seen.page.get_by_role("alert").wait_for()
        told = seen.page.locator("body").inner_text()
        assert "Something went wrong on our side" in told
        assert not [word for word in ("Traceback", "ValueError", "broken secret", ".py") if word in seen.page.content()]
        assert any(line.startswith("fsbench: a page failed: ValueError in pages.py:") for line in server.lines)
        assert "broken secret" not in "\n".join(server.lines)


def test_at_the_end_a_rater_is_sent_back_to_the_panel(visit: Open, tmp_path: Path) -> None:
    panel = "http://localhost:9/complete?cc=C0DE"
    sizes = {"raters": 1, "per_rater": 1, "sets": 1, "training": 0, "gold": 0, "repeats": 0}
    made = make_study(tmp_path / "noise", completion_url=panel, **sizes)
    with Server(made.folder) as server:
        seen = come(visit, server, made, 1)
        seen.page.get_by_role("button", name=READY).click()
        seen.page.get_by_role("button", name=START).click()
        wait_for(seen.page, "r1")
        assert panel not in seen.page.content()
        asked: list[str] = []
        seen.page.route("http://localhost:9/**", lambda route: (asked.append(route.request.url), route.abort()))
        answer(seen.page, "r1")
        save(seen.page)
        assert seen.page.get_by_role("link", name="Back to where you came from").get_attribute("href") == panel
        assert scores(made, 1) == [3] * 9
        for _ in range(PATIENCE // 50):
            seen.page.wait_for_timeout(50)
            if asked:
                break
        assert asked == [panel]


def test_a_forged_answer_is_no_answer(visit: Open, server: Server, made: Made) -> None:
    from streamlit.proto.BackMsg_pb2 import BackMsg

    forged: list[str] = []  # the last one goes in the place of what was chosen

    def pass_on(socket: Any) -> None:
        behind = socket.connect_to_server()

        def send(frame: bytes) -> None:
            message = BackMsg()
            message.ParseFromString(frame)
            for state in message.rerun_script.widget_states.widgets if forged else ():
                if "-1-identity" in state.id:
                    state.string_value = forged[-1]
            behind.send(message.SerializeToString())

        socket.on_message(send)

    page = at_work(visit, server, made, 13, first=through(pass_on))
    answer(page, "t1")
    alert = page.get_by_role("alert").filter(has_text="please answer Result B: Identity.")
    for value in ("6", "-1", "2.5", "NaN", "", "five", "[3]", "Result A", "3 "):
        forged.append(value)
        save(page)
        alert.wait_for()
        page.wait_for_timeout(200)
        assert scores(made, 13) == [], value
    forged.clear()
    answer(page, "t1")
    save(page)
    wait_for(page, "r1")
    assert scores(made, 13) == [3] * 9


@pytest.mark.slow
def test_two_servers_share_a_study_in_postgresql(visit: Open, tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="needs psycopg: pip install 'fsbench[postgres]'")
    sizes = {"raters": 1, "per_rater": 2, "sets": 2, "training": 0, "gold": 0, "repeats": 0}
    with postgres_server() as url:
        made = make_study(tmp_path / "noise", url=url, completion_code="C0DE-42", **sizes)
        with Server(made.folder, url=url) as first, Server(made.folder, url=url) as second:
            page = come(visit, first, made, 1).page
            page.get_by_role("button", name=READY).click()
            page.get_by_role("button", name=START).click()
            wait_for(page, "r1")
            answer(page, "r1", score=1)
            save(page)
            wait_for(page, "r2")
            first.kill()
            page.goto(second.address)  # where a web server before them would send it now; cookies know no port
            wait_for(page, "r2")
            answer(page, "r2", score=2)
            save(page)
            page.get_by_text("C0DE-42").wait_for()
        store = made.open()
        with store.read() as connection:
            found = connection.execute(text("SELECT score, count(*) FROM rating GROUP BY score ORDER BY score"))
            assert [tuple(row) for row in found] == [(1, 9), (2, 9)]
        store.close()
