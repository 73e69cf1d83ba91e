"""Which editors there are, and the choice of some of them by name."""

from __future__ import annotations

from collections.abc import Sequence

from fsbench.editing import age, beard, chubby, fringe, glasses, grin
from fsbench.editing.crop import Editor
from fsbench.errors import ConfigError

EDITORS = {
    editor.name: editor
    for editor in (
        *(chubby.EDITOR, age.EDITOR, beard.EDITOR, grin.EDITOR),
        *(glasses.GLASSES, glasses.SUNGLASSES, fringe.STRAIGHT, fringe.SWEPT),
    )
}
ALL, NONE = "all", "none"


def chosen(text: str) -> tuple[Editor, ...]:
    """Take editors by names with commas between, "all" or "none".

    Raises:
        ConfigError: a name is unknown, or stands twice.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names in ([ALL], [NONE]):
        names = list(EDITORS) if names == [ALL] else []
    elif not names:
        raise ConfigError("--edits names no editor", hint=f"--edits {NONE}, or some of: {', '.join(EDITORS)}")
    return tuple(_editor(name, names) for name in names)


def _editor(name: str, names: Sequence[str]) -> Editor:
    if name not in EDITORS:
        raise ConfigError(
            f"no editor is called '{name}'", hint=f"--edits {ALL}, {NONE}, or some of: {', '.join(EDITORS)}"
        )
    if names.count(name) > 1:
        raise ConfigError(f"the editor '{name}' is named twice", hint="each once")
    return EDITORS[name]
