"""Content credentials: a signed manifest that a reader finds intact, around pixels that did not change."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from needs import needs

from fsbench import content_credentials
from fsbench.data.frames import png_bytes

needs("c2pa", "c2pa")


@pytest.fixture
def picture() -> bytes:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)
    return png_bytes(pixels, {"fsbench:synthetic": "true"})


def read(png: bytes) -> dict:
    import c2pa

    with c2pa.Reader("image/png", io.BytesIO(png)) as reader:
        return json.loads(reader.json())


def test_a_reader_finds_an_intact_manifest_that_names_the_swapper(picture: bytes, tmp_path: Path) -> None:
    found = read(content_credentials.signed(picture, swapper="landmark", version=7, folder=tmp_path))
    assert found["validation_state"] == "Valid"
    manifest = found["manifests"][found["active_manifest"]]
    (action,) = manifest["assertions"][0]["data"]["actions"]
    assert action["softwareAgent"] == {"name": "landmark", "version": "7"}
    assert action["digitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert manifest["claim_generator_info"][0]["name"] == "fsbench"


def test_pixels_and_text_stay(picture: bytes, tmp_path: Path) -> None:
    signed = PIL.Image.open(io.BytesIO(content_credentials.signed(picture, swapper="a", version=1, folder=tmp_path)))
    plain = PIL.Image.open(io.BytesIO(picture))
    np.testing.assert_array_equal(np.array(signed), np.array(plain))
    assert signed.text["fsbench:synthetic"] == "true"


def test_a_changed_picture_is_found_out(picture: bytes, tmp_path: Path) -> None:
    signed = content_credentials.signed(picture, swapper="a", version=1, folder=tmp_path)
    place = signed.rindex(b"IDAT") + 40
    broken = signed[:place] + bytes([signed[place] ^ 0xFF]) + signed[place + 1 :]
    assert read(broken)["validation_state"] == "Invalid"


def test_the_key_is_made_once_and_only_its_owner_reads_it(picture: bytes, tmp_path: Path) -> None:
    content_credentials.signed(picture, swapper="a", version=1, folder=tmp_path)
    key = (tmp_path / content_credentials.KEY_FILE).read_bytes()
    content_credentials.signed(picture, swapper="b", version=1, folder=tmp_path)
    assert (tmp_path / content_credentials.KEY_FILE).read_bytes() == key
    assert stat.S_IMODE((tmp_path / content_credentials.KEY_FILE).stat().st_mode) == 0o600
