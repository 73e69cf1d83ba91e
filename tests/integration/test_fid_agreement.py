"""`fsbench run fid` with Inception against pytorch_fid, on the same folders and with the same random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsbench.data.frames import png_bytes

pytestmark = pytest.mark.slow


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of photographs in pieces, one of them blurred."""
    import cv2
    import skimage.data

    photographs = [skimage.data.astronaut(), skimage.data.coffee()[:, :400], skimage.data.chelsea()]
    real, swapped = tmp_path / "real", tmp_path / "swapped"
    draw = np.random.default_rng(0)
    for folder in (real, swapped):
        folder.mkdir()
        for number in range(12):
            picture = photographs[number % 3]
            top, left = (int(draw.integers(0, size - 256)) for size in picture.shape[:2])
            piece = np.ascontiguousarray(picture[top : top + 256, left : left + 256])
            piece = cv2.GaussianBlur(piece, (0, 0), 3) if folder == swapped else piece
            (folder / f"{number:02d}.png").write_bytes(png_bytes(piece))
    return real, swapped


def test_fid_is_that_of_pytorch_fid_within_a_thousandth(
    cli: Any,
    install: Callable[..., Path],
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pytorch_fid.inception
    from pytorch_fid.fid_score import calculate_frechet_distance, get_activations

    from fsbench.zoo.tensors import load_state

    monkeypatch.setenv("FSBENCH_CACHE", str(tmp_path / "cache"))
    state = {k: v.float() if v.is_floating_point() else v for k, v in load_state(install("inception-fid")).items()}
    real, swapped = folders
    words = ("run", "fid", "--real", real, "--swapped", swapped, "--set", "fid_region=frame", "--json")
    called = cli(*words, "--evaluator", "distribution=inception", "--out", tmp_path / "runs")
    assert called.code == 0, called.stderr
    found = {one["metric"]: one["value"] for one in json.loads(called.stdout)[0]["measurements"]}

    monkeypatch.setattr(pytorch_fid.inception, "load_state_dict_from_url", lambda *args, **options: state)
    network = pytorch_fid.inception.InceptionV3()
    rows = [
        get_activations([str(path) for path in sorted(folder.iterdir())], network, batch_size=6, num_workers=0)
        for folder in folders
    ]
    # its square root of a matrix takes 2048 x 2048 numbers and half a minute, so it gets the rows in the 23
    # directions in which they differ at all, which leaves the distance as it is
    axes = np.linalg.svd(np.concatenate([one - rows[0].mean(0) for one in rows]), full_matrices=False)[2][:23]
    moments = [part for one in rows for part in ((one @ axes.T).mean(0), np.cov(one @ axes.T, rowvar=False))]
    wanted = calculate_frechet_distance(*moments)
    assert wanted > 0.1
    assert found["fid"] == pytest.approx(wanted, abs=1e-3, rel=1e-3)
    gram = [one.astype(float) for one in rows]
    kernel = [[(a @ b.T / 2048 + 1) ** 3 for b in gram] for a in gram]
    n = len(gram[0])
    inner = sum((k.sum() - np.trace(k)) / (n * (n - 1)) for k in (kernel[0][0], kernel[1][1]))
    assert found["kid"] == pytest.approx(1000 * (inner - 2 * kernel[0][1].mean()), rel=1e-3)
