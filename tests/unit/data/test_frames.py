import hashlib
import io

import numpy as np
import PIL.Image
import pytest

from fsbench.data.frames import file_sha256, picture_size, pixel_sha256, png_bytes, read_rgb, write_atomically
from fsbench.errors import ItemError


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (5, 7, 3), np.uint8)


def save(path, picture, **options):
    PIL.Image.fromarray(picture).save(path, **options)
    return path


def test_a_png_is_read_as_it_was_written(tmp_path, picture):
    assert np.array_equal(read_rgb(save(tmp_path / "a.png", picture)), picture)


def test_what_is_read_can_be_written_to(tmp_path, picture):
    read = read_rgb(save(tmp_path / "a.png", picture))

    read[0, 0] = 9

    assert read[0, 0].tolist() == [9, 9, 9]


# EXIF 2.32, tag 274: where the first row and column of the stored picture belong
TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_turned_upright_as_its_exif_says(tmp_path, picture, orientation):
    exif = PIL.Image.Exif()
    exif[274] = orientation

    read = read_rgb(save(tmp_path / "a.png", picture, exif=exif))

    assert np.array_equal(read, TURNS[orientation](picture))


def chunks(png):
    """Cut a PNG into its signature and its chunks."""
    parts, place = [png[:8]], 8
    while place < len(png):
        end = place + 12 + int.from_bytes(png[place : place + 4], "big")
        parts.append(png[place:end])
        place = end
    return parts


@pytest.mark.parametrize("behind", [False, True])
def test_a_size_is_that_of_the_upright_picture_wherever_a_png_has_its_tag(tmp_path, picture, behind):
    exif = PIL.Image.Exif()
    exif[274] = 6
    path = save(tmp_path / "a.png", picture, exif=exif)
    assert picture_size(path) == (7, 5)
    tag = next(part for part in chunks(path.read_bytes()) if part[4:8] == b"eXIf")
    parts = [part for part in chunks(path.read_bytes()) if part != tag]
    parts.insert(-1 if behind else 2, tag)  # before the end, or after the header
    path.write_bytes(b"".join(parts))
    assert picture_size(path) == read_rgb(path).shape[:2] == (7, 5)


def test_a_size_is_read_without_unpacking_the_pixels(tmp_path, picture):
    path = save(tmp_path / "a.png", picture)
    parts = [part if part[4:8] != b"IDAT" else part[:8] + b"\0" * (len(part) - 8) for part in chunks(path.read_bytes())]
    path.write_bytes(b"".join(parts))
    with pytest.raises(ItemError):
        read_rgb(path)
    assert picture_size(path) == (5, 7)


@pytest.mark.parametrize("cut", [9, 20, 40])
def test_a_png_that_ends_before_its_pixels_has_no_size(tmp_path, picture, cut):
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(picture)[:cut])
    with pytest.raises(ItemError, match="cannot be read as a picture"):
        picture_size(path)


def test_grey_becomes_three_equal_channels(tmp_path, picture):
    grey = picture[..., 0]

    assert np.array_equal(read_rgb(save(tmp_path / "a.png", grey)), np.dstack([grey] * 3))


def test_black_and_white_becomes_0_and_255(tmp_path):
    PIL.Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")

    assert read_rgb(tmp_path / "a.png").tolist() == [[[255] * 3, [0] * 3]]


def test_alpha_is_left_out_and_the_colours_stay(tmp_path, picture):
    alpha = np.dstack([picture, np.full(picture.shape[:2], 40, np.uint8)])

    assert np.array_equal(read_rgb(save(tmp_path / "a.png", alpha)), picture)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_a_channel_are_refused(tmp_path, suffix, channels):
    cv2 = pytest.importorskip("cv2")
    deep = np.full((4, 6, channels), 40_000, np.uint16)
    path = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(path), deep)

    with pytest.raises(ItemError, match=f"deep{suffix} has more than 8 bits a channel"):
        read_rgb(path)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_a_picture_cut_short_anywhere_is_an_item_error_or_whole(tmp_path, picture, format):
    buffer = io.BytesIO()
    PIL.Image.fromarray(picture).save(buffer, format)
    whole = buffer.getvalue()
    path = tmp_path / "a.bin"
    refused = 0
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        try:
            assert read_rgb(path).shape == picture.shape
        except ItemError:
            refused += 1
    assert refused >= len(whole) // 2


def test_a_missing_file_a_folder_and_text_are_item_errors_with_the_name(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "folder.png").mkdir()
    for name in ("none.png", "text.png", "folder.png"):
        with pytest.raises(ItemError, match=f"{name} cannot be read as a picture"):
            read_rgb(tmp_path / name)


def test_the_hash_is_over_shape_and_pixels(picture):
    wanted = hashlib.sha256(b"5x7:" + picture.tobytes()).hexdigest()

    assert pixel_sha256(picture) == wanted


def test_equal_pixels_have_one_hash_whatever_the_file_and_memory(tmp_path, picture):
    png, bmp = read_rgb(save(tmp_path / "a.png", picture)), read_rgb(save(tmp_path / "a.bmp", picture))

    assert pixel_sha256(png) == pixel_sha256(bmp) == pixel_sha256(np.asfortranarray(picture))


def test_the_same_bytes_in_another_shape_have_another_hash():
    flat = np.arange(24, dtype=np.uint8)

    assert pixel_sha256(flat.reshape(2, 4, 3)) != pixel_sha256(flat.reshape(4, 2, 3))


def test_one_pixel_changes_the_hash(picture):
    other = picture.copy()
    other[2, 3, 1] ^= 1

    assert pixel_sha256(other) != pixel_sha256(picture)


def test_png_bytes_hold_the_pixels_and_the_text(picture):
    with PIL.Image.open(io.BytesIO(png_bytes(picture, {"key": "000_003"}))) as read:
        assert read.text == {"key": "000_003"}
        assert np.array_equal(np.asarray(read), picture)


def test_png_bytes_take_a_view_and_a_single_pixel(picture):
    for view in (picture[::2, ::-1], picture[..., ::-1], np.asfortranarray(picture), picture[:1, :1]):
        with PIL.Image.open(io.BytesIO(png_bytes(view))) as read:
            assert np.array_equal(np.asarray(read), view)


def test_a_file_is_written_whole_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"

    write_atomically(path, b"one")
    write_atomically(path, b"two")

    assert path.read_bytes() == b"two"
    assert file_sha256(path) == hashlib.sha256(b"two").hexdigest()
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")

    with pytest.raises(TypeError):
        write_atomically(path, "text is no bytes")  # type: ignore[arg-type]

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.bin"]


def test_a_write_onto_a_folder_fails_and_leaves_nothing_beside(tmp_path):
    (tmp_path / "taken").mkdir()

    with pytest.raises(OSError):
        write_atomically(tmp_path / "taken", b"x")

    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]
