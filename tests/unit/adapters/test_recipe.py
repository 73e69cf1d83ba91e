"""Recipes: each built-in one drives a stand-in for its program, and wrong programs cost their pair alone."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import numpy as np
import pytest

from fsbench import align
from fsbench.adapters.recipe import RecipeSwapper
from fsbench.adapters.recipe_file import load_recipe, names
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, DependencyError, ItemError

GREEN = [20, 200, 40]
# What the stand-ins share: they note what they were given, and paint a flat green picture of the target's size.
SHARED = """
import argparse, json, pathlib, sys
import numpy as np
from PIL import Image

def note(**seen):
    pathlib.Path(NOTES).write_text(json.dumps(seen))

def painted(like):
    size = Image.open(like).size
    return Image.new("RGB", size, (20, 200, 40))
"""
PROGRAMS = {
    "simswap-224": (
        "test_wholeimage_swapsingle.py",
        """
        p = argparse.ArgumentParser()
        for name in ("isTrain", "name", "Arc_path", "pic_a_path", "pic_b_path", "output_path"):
            p.add_argument("--" + name, required=True)
        p.add_argument("--use_mask", action="store_true"); p.add_argument("--no_simswaplogo", action="store_true")
        a = p.parse_args()
        assert a.no_simswaplogo and pathlib.Path(a.Arc_path).exists()
        note(source=Image.open(a.pic_a_path).size, target=Image.open(a.pic_b_path).size)
        painted(a.pic_b_path).save(a.output_path + "result_whole_swapsingle.jpg", quality=100)
        """,
    ),
    "ghost": (
        "inference.py",
        """
        p = argparse.ArgumentParser()
        p.add_argument("--G_path"); p.add_argument("--num_blocks", type=int)
        p.add_argument("--source_paths", nargs="+"); p.add_argument("--target_faces_paths", nargs="+")
        p.add_argument("--target_image"); p.add_argument("--out_image_name")
        p.add_argument("--image_to_image", type=bool)
        a = p.parse_args()
        assert a.image_to_image and a.target_faces_paths == [a.target_image] and pathlib.Path(a.G_path).exists()
        note(source=Image.open(a.source_paths[0]).size, target=Image.open(a.target_image).size)
        painted(a.target_image).save(a.out_image_name)
        """,
    ),
    "facedancer": (
        "test_image_swap_multi.py",
        """
        p = argparse.ArgumentParser()
        for name in ("facedancer_path", "swap_source", "img_path", "img_output"):
            p.add_argument("--" + name, required=True)
        a = p.parse_args()
        note(source=Image.open(a.swap_source).size, target=Image.open(a.img_path).size)
        painted(a.img_path).save(a.img_output)
        """,
    ),
    "blendface": (
        "swapping/inference.py",
        """
        p = argparse.ArgumentParser()
        for name in "wtso":
            p.add_argument("-" + name, required=True)
        a = p.parse_args()
        note(source=Image.open(a.s).size, target=Image.open(a.t).size)
        painted(a.t).save(a.o)
        """,
    ),
    "megafs": (
        "inference/inference.py",
        """
        p = argparse.ArgumentParser()
        for name in ("swap_type", "img_root", "mask_root", "srcID", "tgtID"):
            p.add_argument("--" + name, required=True)
        a = p.parse_args()
        source, target = (f"{a.img_root}/{number}.jpg" for number in (a.srcID, a.tgtID))
        mask = np.array(Image.open(f"{a.mask_root}/{a.tgtID}.png"))
        assert pathlib.Path("checkpoint/ftm_final.pth").exists()
        note(source=Image.open(source).size, target=Image.open(target).size, labels=np.unique(mask).tolist())
        given = [np.array(Image.open(f).convert("RGB")) for f in (source, target)]
        strip = np.hstack(given + 2 * [np.array(painted(target))])
        Image.fromarray(strip).save(a.swap_type + ".jpg", quality=100)
        """,
    ),
    "diffswap": (
        "pipeline.py",
        """
        source, target = (pathlib.Path("data/portrait_jpg") / kind / "0.png" for kind in ("source", "target"))
        note(source=Image.open(source).size, target=Image.open(target).size)
        out = pathlib.Path("data/portrait/swap_res_ori/diffswap_0.01/0"); out.mkdir(parents=True)
        picture = painted(target)
        picture.resize((picture.width * 2, picture.height * 2)).save(out / "0.png")
        """,
    ),
    "reface": (
        "scripts/inference_swap_selected.py",
        """
        p = argparse.ArgumentParser()
        folders = ("outdir", "Base_dir", "target_folder", "src_folder")
        for name in (*folders, "config", "ckpt", "n_samples", "scale", "ddim_steps"):
            p.add_argument("--" + name, required=True)
        a = p.parse_args()
        (source,), (target,) = (sorted(pathlib.Path(folder).iterdir()) for folder in (a.src_folder, a.target_folder))
        note(source=Image.open(source).size, target=Image.open(target).size)
        out = pathlib.Path(a.outdir, "results", "0"); out.mkdir(parents=True)
        Image.new("RGB", (512, 512), (20, 200, 40)).save(out / "000000000000.png")
        """,
    ),
}
CROPS = {"blendface": ((112, 112), (256, 256)), "megafs": ((1024, 1024), (1024, 1024))}


def stand_in(root: Path, name: str, body: str | None = None) -> Path:
    """Lay out a repository as the recipe needs it, with a stand-in for its program."""
    recipe = load_recipe(name)
    for needed in (*recipe.needs, recipe.weights):
        if needed:
            path = root / recipe.root / needed
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
    file, program = PROGRAMS[name]
    shared = SHARED.replace("NOTES", repr(str(root / "notes.json")))
    (root / file).write_text(shared + textwrap.dedent(program if body is None else body))
    return root


@pytest.fixture
def item(people, make_item):
    return make_item(people[-1], people[0])


def test_every_recipe_has_a_stand_in_here():
    assert names() == sorted(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_recipe_calls_its_program_as_its_repository_documents_it(name, item, tmp_path):
    repo = stand_in(tmp_path, name)
    before = sorted(path for path in repo.rglob("*"))
    swapper = RecipeSwapper(recipe=name, repo=str(repo))
    assert set(swapper.weight_files()) >= {name for name in load_recipe(name).needs if not name.endswith("people")} - {
        "checkpoints/people"
    }
    (found,) = swapper.swap([item])
    assert not isinstance(found, ItemError), found.reason
    seen = json.loads((repo / "notes.json").read_text())
    frame, source = (read_rgb(face.image.path) for face in (item.target, item.source))
    wanted = CROPS.get(name, (source.shape[1::-1], frame.shape[1::-1]))
    assert (tuple(seen["source"]), tuple(seen["target"])) == tuple(map(tuple, wanted))
    nose = np.rint(item.target.landmarks[2]).astype(int)
    if name == "reface":
        assert found.matrix is None
        assert found.image.shape == (512, 512, 3)
    else:
        assert found.image.shape == frame.shape
        assert np.abs(found.image[nose[1], nose[0]].astype(int) - GREEN).max() <= 4
    if name in CROPS:
        np.testing.assert_array_equal(found.image[-1], frame[-1])  # far from the face, the frame stays
    (repo / "notes.json").unlink()
    assert sorted(path for path in repo.rglob("*")) == before  # nothing was written into the repository


def test_megafs_gets_a_mask_whose_skin_is_the_hull_of_the_face(item, tmp_path):
    repo = stand_in(tmp_path, "megafs")
    RecipeSwapper(recipe="megafs", repo=str(repo)).swap([item])
    assert json.loads((repo / "notes.json").read_text())["labels"] == [0, 1]


def test_a_result_of_another_day_in_the_repository_is_not_taken(item, tmp_path):
    repo = stand_in(tmp_path, "megafs", body="pass")
    (repo / "inference" / "ftm.jpg").write_bytes(b"old")
    (found,) = RecipeSwapper(recipe="megafs", repo=str(repo)).swap([item])
    assert "wrote no ftm.jpg" in found.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("pass", "wrote no output.png"),
        ("sys.exit('the weights are gone')", "exit code 1: the weights are gone"),
        ("import time; time.sleep(30)", "no result after 2 s, stopped"),
        ("open(sys.argv[sys.argv.index('--out_image_name') + 1], 'w').write('sorry')", "cannot be read as a picture"),
        ("Image.new('RGB', (9, 7)).save(sys.argv[sys.argv.index('--out_image_name') + 1])", "wrote 9 x 7 pixels"),
        ("sys.stderr.write('x' * 1_000_000 + ' the end'); sys.exit(3)", "the end"),
        ("import os; os.kill(os.getpid(), 9)", "ended by signal 9"),
    ],
)
def test_a_program_that_fails_costs_its_pair_and_says_why(body, reason, item, tmp_path):
    repo = stand_in(tmp_path, "ghost", body)
    (found,) = RecipeSwapper(recipe="ghost", repo=str(repo), timeout=2).swap([item])
    assert reason in found.reason
    assert len(found.reason) < 700


def test_a_strip_whose_width_does_not_divide_is_refused(item, tmp_path):
    repo = stand_in(tmp_path, "megafs", body="Image.new('RGB', (4095, 1024)).save('ftm.jpg')")
    (found,) = RecipeSwapper(recipe="megafs", repo=str(repo)).swap([item])
    assert "4095 columns" in found.reason


def test_extra_words_reach_the_program_and_other_weights_too(item, tmp_path):
    body = "note(words=sys.argv[1:]); painted(sys.argv[sys.argv.index('--target_image') + 1]).save(sys.argv[-3])"
    repo = stand_in(tmp_path, "ghost", body)
    (repo / "mine.pth").write_text("")
    swapper = RecipeSwapper(recipe="ghost", repo=str(repo), extra="--use_sr True", weights="mine.pth")
    swapper.swap([item])
    words = json.loads((repo / "notes.json").read_text())["words"]
    assert words[-2:] == ["--use_sr", "True"]
    assert words[words.index("--G_path") + 1] == str(repo / "mine.pth")
    assert "mine.pth" in swapper.weight_files()


def test_a_recipe_of_ones_own_is_a_file(item, tmp_path):
    (tmp_path / "swap.py").write_text("import shutil, sys; shutil.copy(sys.argv[2], sys.argv[3])")
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        'about = "copies"\npage = "here"\ncommit = "1"\nlicence = "MIT"\nneeds = ["swap.py"]\n'
        'call = "{python} swap.py {source} {target} {output}"\nresult = "out.png"\nclose = "no"\n'
    )
    swapper = RecipeSwapper(recipe=str(recipe), repo=str(tmp_path))
    assert swapper.name == "mine"
    (found,) = swapper.swap([item])
    np.testing.assert_array_equal(found.image, read_rgb(item.target.image.path))


def test_mistakes_are_named_before_any_work(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'megafs'"):
        RecipeSwapper(recipe="megafas", repo=str(tmp_path))
    with pytest.raises(ConfigError, match="is no folder"):
        RecipeSwapper(recipe="ghost", repo=str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="with a folder inference"):
        RecipeSwapper(recipe="megafs", repo=str(tmp_path))
    with pytest.raises(DependencyError, match=r"lacks inference.py, arcface_model/backbone.pth, weights/G_unet"):
        RecipeSwapper(recipe="ghost", repo=str(tmp_path)).weight_files()
    broken = tmp_path / "broken.toml"
    broken.write_text('about = "x"\n')
    with pytest.raises(ConfigError, match="'page' is missing"):
        load_recipe(str(broken))


def test_the_crop_of_a_recipe_is_the_published_template(item, tmp_path):
    body = """
    p = argparse.ArgumentParser()
    for name in "wtso":
        p.add_argument("-" + name)
    a = p.parse_args()
    Image.open(a.t).save(NOTED); Image.open(a.t).save(a.o)
    """.replace("NOTED", repr(str(tmp_path / "seen.png")))
    repo = stand_in(tmp_path, "blendface", body)
    (found,) = RecipeSwapper(recipe="blendface", repo=str(repo)).swap([item])
    frame = read_rgb(item.target.image.path)
    matrix = align.similarity(item.target.landmarks, align.TEMPLATES["ffhq"] * 256)
    seen = read_rgb(tmp_path / "seen.png")
    np.testing.assert_array_equal(seen, align.crop(frame, matrix, (256, 256), border="edge"))
    assert np.abs(found.image.astype(int) - frame).mean() < 1  # an unchanged crop goes back where it came from
