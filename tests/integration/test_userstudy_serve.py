"""A served study as programs see it: links, cookies, pictures, headers, and what is not answered."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import Server
from studies import Made, make_study, rate, rater_at_work

from fsbench.errors import ConfigError
from fsbench.userstudy.page.guards import HEADERS
from fsbench.userstudy.page.served import picture_name
from fsbench.userstudy.page.studies import newest_study, prepare
from fsbench.userstudy.store import Page
from fsbench.userstudy.wording import shipped_text

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_study(tmp_path_factory.mktemp("served") / "noise", raters=6)


@pytest.fixture(scope="module")
def server(made: Made) -> Iterator[Server]:
    with Server(made.folder) as running:
        yield running


def get(server: Server, path: str, *, cookie: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask for a path exactly as it is written; give status, headers and body."""
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={**sent, **({"Cookie": f"fsbench_rater={cookie}"} if cookie else {})})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def cookie_of(headers: dict[str, str]) -> str:
    return headers["set-cookie"].partition(";")[0].partition("=")[2]


def test_a_link_sets_a_cookie_that_scripts_cannot_read_and_leaves_the_address_clean(server: Server, made: Made) -> None:
    status, headers, _ = get(server, f"/join/{made.links.raters[0]}")
    assert (status, headers["location"], headers["cache-control"]) == (303, "/", "no-store")
    parts = {part.strip().lower() for part in headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= parts and "secure" not in parts
    _, behind_tls, _ = get(server, f"/join/{made.links.raters[0]}", X_Forwarded_Proto="https")
    assert "secure" in behind_tls["set-cookie"].lower()


def test_the_same_person_of_a_panel_gets_the_same_place_and_others_another(server: Server, made: Made) -> None:
    store = made.open()

    def place(pid: str) -> int:
        status, headers, _ = get(server, f"/join/{made.links.open}?PROLIFIC_PID={pid}&STUDY_ID=s&SESSION_ID=t")
        assert status == 303
        session = store.session(cookie_of(headers))
        assert session is not None
        return session.ordinal

    assert place("ann") == place("ann") != place("bob")
    assert get(server, f"/join/{made.links.open}")[0] == 404  # without an id the open link is no link
    store.close()


def test_unknown_links_get_one_answer_in_the_readers_language_and_not_too_many(server: Server) -> None:
    answers = [
        get(server, f"/join/{token}", Accept_Language="en")
        for token in ("0" * 32, "x", "' OR 1=1 --".replace(" ", "%20"))
    ]
    assert {(status, body) for status, _, body in answers} == {(404, answers[0][2])}
    assert b"This link is not known" in answers[0][2]
    statuses = [get(server, "/join/" + "1" * 32)[0] for _ in range(60)]
    assert set(statuses) == {404, 429}


def test_pictures_come_to_their_rater_alone_and_all_alike(server: Server, made: Made) -> None:
    store = made.open()
    cookies = [made.links.raters[place] for place in (3, 4)]
    sessions = [rater_at_work(made, store, ordinal) for ordinal in (4, 5)]
    page = store.next_page(sessions[0])
    assert isinstance(page, Page)
    assets = [page.source, page.target, *page.results]
    names = [picture_name(page, asset) for asset in assets]
    answers = [get(server, f"/picture/{name}", cookie=cookies[0]) for name in names]
    assert {status for status, _, _ in answers} == {200}
    assert len({body for _, _, body in answers}) == 5 and len({len(body) for _, _, body in answers}) == 1
    assert len({tuple(sorted((k, v) for k, v in headers.items() if k != "date")) for _, headers, _ in answers}) == 1
    assert answers[0][1]["cache-control"] == "no-store" and answers[0][1]["content-type"] == "image/png"
    assert not {"etag", "last-modified", "content-disposition"} & set(answers[0][1])
    for asset, (_, _, body) in zip(assets, answers, strict=True):
        path = store.asset_path(sessions[0], asset)
        assert path is not None and path.read_bytes() == body
    for cookie in ("", "0" * 32, cookies[1]):
        assert get(server, f"/picture/{names[0]}", cookie=cookie)[0] == 404
    assert get(server, f"/picture/{page.source}", cookie=cookies[0])[0] == 404  # the name in the store is no name here
    rate(store, sessions[0], 1)
    assert get(server, f"/picture/{names[0]}", cookie=cookies[0])[0] == 404  # nor is that of a page that is done
    store.close()


@pytest.mark.parametrize(
    "path",
    [
        *("/picture/../study.json", "/picture/%2e%2e%2fstudy.json", "/picture/..%2f..%2fetc%2fpasswd"),
        *("/picture/%252e%252e%252fstudy.json", "//etc/passwd", "/picture//etc/passwd", "/picture/C:%5Cstudy.json"),
        *("/study.json", "/links.csv", "/assets/", "/media/x.png", "/app/static/x", "/picture/" + "0" * 32),
    ],
)
def test_no_path_leads_to_another_file(server: Server, made: Made, path: str) -> None:
    status, _, body = get(server, path, cookie=made.links.raters[0])
    assert status in (301, 400, 404) or b"<title>Streamlit" in body  # the page itself, for an address it does not know
    assert b"spec_version" not in body and b"root:" not in body and not body.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent", "/_stcore/agent/openapi.json", "/media/x", "/nothing"]
)
def test_every_answer_has_the_headers_and_what_is_closed_is_404(server: Server, path: str) -> None:
    status, headers, _ = get(server, path)
    assert status == (200 if path == "/nothing" else 404)
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_another_name_for_the_server_is_refused(server: Server) -> None:
    assert get(server, "/", Host="evil.example")[0] == 400
    assert get(server, "/", Host=f"localhost:{server.port}")[0] == 200


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    with socket.socket() as outside:
        outside.settimeout(2)
        assert outside.connect_ex(("127.0.0.2", server.port)) != 0
    assert not any("reaches this server" in line for line in server.lines)


def test_nothing_secret_is_in_the_log(server: Server, made: Made) -> None:
    log = "\n".join(server.lines)
    secrets = (*made.links.raters, made.links.open, *made.spec.method_names)
    assert "serving" in log and not [secret for secret in secrets if secret in log]


def test_the_server_has_no_network_library_loaded(server: Server) -> None:
    assert server.process is not None
    maps = Path(f"/proc/{server.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    loaded = maps.read_text()
    assert "libtorch" not in loaded and "onnxruntime" not in loaded and "cv2" not in loaded


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "holds no study"),
        (["STUDY", "--store", "mysql://x"], "a store cannot be kept in 'mysql'"),
        (["STUDY", "--host", "192.0.2.1", "--port", "8501"], "192.0.2.1:8501 cannot be listened on"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    made = make_study(tmp_path / "noise")
    words = [str(made.folder) if word == "STUDY" else word for word in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "fsbench", "userstudy", "serve", *words], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_the_newest_study_here_is_served_and_its_texts_are_kept(tmp_path: Path) -> None:
    older, newer = make_study(tmp_path / "a"), make_study(tmp_path / "studies" / "b")
    os.utime(older.folder / "study.json", (1, 1))
    assert newest_study(tmp_path) == newer.folder
    assert newest_study(tmp_path / "a") == older.folder
    assert newest_study(tmp_path / "a" / "assets") is None
    remarks = prepare(newer.folder, "")
    assert remarks == ["the study is open now: study.json is fixed, and its texts are kept in texts/"]
    assert newer.open().state == "open" and prepare(newer.folder, "") == []
    assert (newer.folder / "texts" / "en.toml").read_text(encoding="utf-8") == shipped_text("en")


def test_texts_that_name_a_method_and_a_wrong_address_at_the_end_are_told(tmp_path: Path) -> None:
    made = make_study(tmp_path / "named")
    (made.folder / "texts").mkdir()
    text = shipped_text("en").replace("a computer program", made.spec.method_names[0])
    (made.folder / "texts" / "en.toml").write_text(text, encoding="utf-8")
    assert any(f"'{made.spec.method_names[0]}', the name of a method" in remark for remark in prepare(made.folder, ""))
    wrong = make_study(tmp_path / "wrong", completion_url="javascript:alert(1)")
    with pytest.raises(ConfigError, match="wanted https://"):
        prepare(wrong.folder, "")


@pytest.mark.slow
def test_with_no_study_a_demonstration_is_made_and_served(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fsbench", "userstudy", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        address = lines[0].split()[-1]
        server = Server(tmp_path, port=int(address.rstrip("/").rpartition(":")[2]))
        link = lines[1].split()[-1]
        status, headers, _ = get(server, link.removeprefix(server.address))
        process.terminate()
        said = process.communicate()[1]
    assert status == 303 and "fsbench_rater" in headers["set-cookie"]
    assert "no study is here: making a demonstration from the mini set in study-demo" in said
    assert (tmp_path / "study-demo" / "links.csv").stat().st_mode & 0o077 == 0
