"""Imports point one way: each module may import its own layer's lower neighbours and nothing above."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fsbench

ROOT = Path(fsbench.__file__).parent
LAYERS = [
    {"errors", "types", "catalog"},
    {"metrics", "align", "networks"},
    {"data", "records", "zoo"},
    {"interfaces"},
    {"training"},
    {"adapters", "evaluators"},
    {"exports"},
    {"mini", "editing"},
    {"engine"},
    {"protocols"},
    {"strips", "provenance", "overlap", "doctor", "content_credentials"},
    {"run_folder", "run_result"},
    {"run_place"},
    {"runner"},
    {"reports"},
    {"userstudy"},
    {"api", "experiments", "explain"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# Imported when a network is built or trained, and not before.
DEFINES_NETWORKS = {
    *("dlib_face.py", "mobilefacenet.py", "blocks.py", "network.py", "discriminator.py"),
    *("resnet50.py", "hopenet.py", "l2cs.py", "face_recon.py", "iresnet.py", "sphere20.py"),
    *("loading.py", "sixdrepnet.py", "half.py"),
}
# Run by Streamlit for every click of a rater, in the server's process alone, which has loaded it already.
DRAWS_PAGES = {f"userstudy/page/{name}.py" for name in ("app", "flow", "screens", "rating")}
REPORTS_MAY = {"records", "metrics", "errors", "data", "reports"}
HEAVY = {"torch", "onnxruntime", "cv2", "dlib", "ray", "streamlit", "matplotlib", "scipy", "pandas", "pyarrow", "av"}


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def part(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """Name the parts of fsbench that a module imports, also inside functions, but not for type checking alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only or not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if isinstance(node, ast.ImportFrom) and node.module == "fsbench":
            names = [f"fsbench.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("fsbench.")}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    above = {name for name in imported(path) - {part(path)} if RANK[name] >= RANK[part(path)] and name != part(path)}
    assert {name for name in above if RANK[name] > RANK[part(path)] or name not in LAYERS[RANK[part(path)]]} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "reports").glob("*.py")), ids=lambda path: path.name)
def test_reports_read_records_and_metrics_alone(path: Path) -> None:
    assert imported(path) <= REPORTS_MAY


def test_every_module_has_a_layer() -> None:
    assert {part(path) for path in modules()} <= set(RANK)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom fsbench.cli.main import app\n"
        "try:\n    app(['run', '--help'], standalone_mode=False)\nexcept SystemExit: pass\n"
        f"print(sorted({HEAVY | {'numpy', 'PIL'}} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Measure swappers" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_packages_are_imported_where_they_are_used(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name.partition(".")[0]
        for node in top
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    allowed = {"scipy"} if part(path) == "metrics" else set()
    allowed |= {"streamlit"} if path.relative_to(ROOT).as_posix() in DRAWS_PAGES else set()
    allowed |= {"torch"} if path.name in DEFINES_NETWORKS or part(path) == "training" else set()
    assert names & HEAVY <= allowed


def test_files_are_short_enough_to_be_seen_whole() -> None:
    long = {str(path.relative_to(ROOT)): n for path in modules() if (n := len(path.read_text().splitlines())) > 300}
    assert long == {}
