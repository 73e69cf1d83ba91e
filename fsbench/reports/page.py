"""Pages of ours: one file each, which loads nothing and runs nothing but the script inside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

TEMPLATES = Path(__file__).parent
STYLE = TEMPLATES / "report.css"
SCRIPT = TEMPLATES / "report.js"


def page(template: Path, *, scripts: Sequence[Path] = (SCRIPT,), **content: object) -> str:
    """Fill in a page of ours: all text is escaped, style and script are inside, and a name that is missing is an error.

    The page may load nothing and run nothing but that one script, which its policy names by its hash.

    Args:
        template: a file that may import from the folder of this module's templates.
        scripts: files of ours that become its one script.
        content: what the template asks for.
    """
    import jinja2
    import markupsafe

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = markupsafe.Markup(STYLE.read_text(encoding="utf-8"))  # our own files, never a user's text
    script = markupsafe.Markup("".join(file.read_text(encoding="utf-8") for file in scripts))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return environment.get_template(template.name).render(style=style, script=script, policy=policy, **content)
