"""Which study is served, and whether it can be: before the first rater comes, not after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fsbench.errors import ConfigError
from fsbench.userstudy.page.served import served
from fsbench.userstudy.spec import SPEC_FILE
from fsbench.userstudy.wording import named_methods


def study_to_serve(folder: Path | None, *, say: Callable[[str], None]) -> Path:
    """Give the folder asked for, or else the newest study here.

    Args:
        folder: of a study, or None.
        say: is told what was chosen.

    Raises:
        ConfigError: there is none.
    """
    if folder is not None:
        return folder
    if found := newest_study(Path()):
        say(f"serving the newest study here, {found}")
        return found
    raise ConfigError("there is no study here, nor two folders below", hint="fsbench userstudy serve FOLDER")


def newest_study(root: Path) -> Path | None:
    """Find the study at or at most two folders below a place whose study.json is the newest."""
    files = [*root.glob(SPEC_FILE), *root.glob(f"*/{SPEC_FILE}"), *root.glob(f"*/*/{SPEC_FILE}")]
    newest = max(files, key=lambda file: file.stat().st_mtime_ns, default=None)
    return newest.parent if newest else None


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
        remarks.append(f"the study is open now: {SPEC_FILE} is fixed")
    study.store.open_study()
    named = named_methods(study.wordings.values(), spec.method_names)
    if named:
        remarks.append(f"raters can read '{named[0]}', the name of a method, in the texts of this study")
    return remarks
