"""Which study is served, and whether it can be: before the first rater comes, not after."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fsbench.data.frames import write_atomically
from fsbench.errors import ConfigError
from fsbench.userstudy.links import JOIN, read_links
from fsbench.userstudy.page.served import Served, served
from fsbench.userstudy.spec import SPEC_FILE, TEXTS_FOLDER
from fsbench.userstudy.wording import named_methods, shipped_text

DEMONSTRATION = Path("study-demo")


def study_to_serve(folder: Path | None, *, say: Callable[[str], None]) -> Path:
    """Give the folder asked for, or else the newest study here; where there is none, make a demonstration.

    Args:
        folder: of a study, or None.
        say: is told what was chosen or made.

    Raises:
        ConfigError: the demonstration could not be made.
    """
    if folder is not None:
        return folder
    if found := newest_study(Path()):
        say(f"serving the newest study here, {found}")
        return found
    say(f"no study is here: making a demonstration from the mini set in {DEMONSTRATION}; its scores mean nothing")
    make_demonstration(DEMONSTRATION)
    return DEMONSTRATION


def newest_study(root: Path) -> Path | None:
    """Find the study at or at most two folders below a place whose study.json is the newest."""
    files = [*root.glob(SPEC_FILE), *root.glob(f"*/{SPEC_FILE}"), *root.glob(f"*/*/{SPEC_FILE}")]
    newest = max(files, key=lambda file: file.stat().st_mtime_ns, default=None)
    return newest.parent if newest else None


def make_demonstration(folder: Path) -> None:
    """Run `fsbench userstudy create --data mini` in a process of its own: this one is to stay small for raters.

    Raises:
        ConfigError: it failed; it has said why.
    """
    settings = Path(__file__).with_name("demonstration.toml")
    command = [sys.executable, "-m", "fsbench", "userstudy", "create", "--data", "mini"]
    # What it prints are links with a port that may be another's by then; what it says of its progress is seen.
    done = subprocess.run(
        [*command, "--config", str(settings), "--out", str(folder)], stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        message = f"the demonstration was not made: `create` ended with {done.returncode}"
        raise ConfigError(message, hint="fsbench userstudy serve STUDY, with the folder of a study")


def first_link(folder: Path, address: str) -> str:
    """Give the whole link of the first rater."""
    return address.rstrip("/") + JOIN + read_links(folder)["1"]


def prepare(folder: Path, url: str) -> list[str]:
    """Open a study and let raters in; give what its operator should know.

    Raises:
        ConfigError: it is closed, or the address raters are sent to at the end is none.
        FsbenchError: it cannot be opened.
    """
    study = served(str(folder), url)
    spec = study.spec
    if spec.completion_url and not spec.completion_url.startswith(("https://", "http://")):
        message = f"completion_url in {folder / SPEC_FILE} is '{spec.completion_url}', wanted https://..."
        raise ConfigError(message, hint=f"mend it in {folder / SPEC_FILE}, or leave it empty")
    remarks = []
    if study.store.state == "draft":
        _keep_texts(study)
        remarks.append(f"the study is open now: {SPEC_FILE} is fixed, and its texts are kept in {TEXTS_FOLDER}/")
    study.store.open_study()
    named = named_methods(study.wordings.values(), spec.method_names)
    if named:
        remarks.append(f"raters can read '{named[0]}', the name of a method, in the texts of this study")
    return remarks


def _keep_texts(study: Served) -> None:
    """Write the texts that came with fsbench into the study, so that a newer fsbench changes no word of it."""
    for language in study.wordings:
        file = study.folder / TEXTS_FOLDER / f"{language}.toml"
        if not file.exists():
            write_atomically(file, shipped_text(language).encode())
