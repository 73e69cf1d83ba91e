"""The ONNX adapter on stand-in networks with known arithmetic: what arrives inside, what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fsbench import align
from fsbench.adapters.masks import box_mask
from fsbench.adapters.onnx_session import Session
from fsbench.adapters.onnx_swapper import OnnxSwapper
from fsbench.adapters.onnx_table import OnnxModel, load_table
from fsbench.data.frames import file_sha256, read_rgb
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.zoo.manifest import weight
from fsbench.zoo.store import remember, weights_folder

TABLE = load_table()
CODE = 4  # numbers of a stand-in's code, where the real ones have 512


def save(path: Path, nodes, inputs, outputs, constants=(), *, batch: int | str = 1) -> Path:
    """Write an ONNX file; shapes are given without their first dimension."""

    def values(pairs, kind=TensorProto.FLOAT):
        return [helper.make_tensor_value_info(name, kind, [batch, *shape]) for name, shape in pairs]

    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants]
    graph = helper.make_graph(nodes, "stand-in", values(inputs), values(outputs), initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def installed(name: str) -> Path:
    return weights_folder() / name / weight(name).file


def pin(name: str) -> None:
    """Vouch for a stand-in, whose bytes are not those that the table of weights publishes."""
    item, path = weight(name), installed(name)
    remember(item, path, source_sha256=file_sha256(path), origin="a test")


def embedder(name: str, size: int, gains: list[float]) -> None:
    """Install an identity network whose code is: mean of R, G, B and of everything, each with a gain."""
    nodes = [
        helper.make_node("ReduceMean", ["face"], ["rgb"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMean", ["face"], ["all"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["all", "one"], ["last"]),
        helper.make_node("Concat", ["rgb", "last"], ["means"], axis=1),
        helper.make_node("Mul", ["means", "gains"], ["code"]),
    ]
    constants = [("one", np.array([1])), ("gains", np.array(gains, np.float32))]
    save(installed(name), nodes, [("face", (3, size, size))], [("code", (CODE,))], constants)
    pin(name)


def converter(name: str) -> None:
    """Install a converter that turns the code's numbers around and doubles them."""
    matrix = 2 * np.eye(CODE, dtype=np.float32)[::-1].copy()
    nodes = [helper.make_node("MatMul", ["in", "m"], ["out"])]
    save(installed(name), nodes, [("in", (CODE,))], [("out", (CODE,))], [("m", matrix)])
    pin(name)


EMAP = np.diag([1.0, 2.0, 3.0, 4.0]).astype(np.float32)


def swapper_network(model: OnnxModel, *, batch: int | str = 1, masked: bool = False) -> None:
    """Install a swapper whose result is the target moved half way to a number made of the source.

    From a code the number is code . (.1, .2, .3, .4); from a picture it is the mean of its red channel.
    """
    size, source = model.size, model.source
    shape = (CODE,) if source.kind == "code" else (3, source.size, source.size)
    inputs = [(model.inputs.target, (3, size, size)), (model.inputs.source, shape)]
    if source.kind == "code":
        number = [helper.make_node("MatMul", [model.inputs.source, "mix"], ["number2"])]
    else:
        number = [
            helper.make_node("Slice", [model.inputs.source, "zero", "one", "one"], ["red"]),
            helper.make_node("ReduceMean", ["red"], ["number2"], axes=[2, 3], keepdims=0),
        ]
    nodes = [
        *number,
        helper.make_node("Unsqueeze", ["number2", "two"], ["number3"]),
        helper.make_node("Unsqueeze", ["number3", "three"], ["number"]),
        helper.make_node("Mul", [model.inputs.target, "half"], ["kept"]),
        helper.make_node("Mul", ["number", "half"], ["given"]),
        helper.make_node("Add", ["kept", "given"], ["output"]),
    ]
    outputs = [("output", (3, size, size))]
    constants = [
        ("mix", np.array([[0.1], [0.2], [0.3], [0.4]], np.float32)),
        ("zero", np.array([0])),
        ("one", np.array([1])),
        ("two", np.array([2])),
        ("three", np.array([3])),
        ("half", np.float32(0.5)),
    ]
    if masked:
        nodes.append(helper.make_node("Identity", ["painted"], ["mask"]))
        outputs.append(("mask", (1, size, size)))
        wedge = np.zeros((1, 1, size, size), np.float32)
        wedge[..., : size // 2, :] = 1
        constants.append(("painted", wedge))
    if source.normalise.startswith("emap"):
        constants.append(("emap", EMAP))  # the last one, as inswapper's authors leave it
    used = {name for node in nodes for name in node.input} | {"emap"}
    save(installed(model.weight), nodes, inputs, outputs, [c for c in constants if c[0] in used], batch=batch)
    pin(model.weight)


@pytest.fixture(autouse=True)
def weights(tmp_path, monkeypatch):
    monkeypatch.setenv("FSBENCH_WEIGHTS", str(tmp_path / "weights"))


@pytest.fixture
def item(people, make_item):
    return make_item(people[-1], people[0])


def install(name: str, **how) -> OnnxModel:
    model = TABLE[name]
    swapper_network(model, **how)
    for place, network in enumerate(model.source.networks):
        embedder(network, model.source.size, [1.0, 2.0, -1.0, 0.5] if place == 0 else [0.5, -1.0, 1.0, 2.0])
    if model.source.converter:
        converter(model.source.converter)
    return model


def crop_of(face, template: str, size: int) -> np.ndarray:
    matrix = align.similarity(face.landmarks, align.TEMPLATES[template] * size)
    return align.crop(read_rgb(face.image.path), matrix, (size, size), border="edge")


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values)


def expected_number(name: str, face) -> float:
    """Work out by hand the number that the stand-in adds, from the published steps."""
    source = TABLE[name].source
    picture = crop_of(face, source.template, source.size).astype(np.float64) / 255
    if source.kind == "image":
        return float(picture[..., 0].mean())  # neither image model scales its source further
    picture = picture * 2 - 1
    means = np.array([*picture.mean((0, 1)), picture.mean()])
    code = means * [1.0, 2.0, -1.0, 0.5]
    if name == "cscs_256":  # two networks, each of length 1, added
        code = unit(code) + unit(means * [0.5, -1.0, 1.0, 2.0])
    if name.startswith(("simswap", "hififace", "ghost")):  # a converter: turned around and doubled
        code = 2 * code[::-1]
    if name.startswith(("simswap", "hififace", "hyperswap")):
        code = unit(code)
    if name.startswith("inswapper"):
        code = unit(code) * [1, 2, 3, 4]
    if name == "inswapper_128":
        code = unit(code)
    return float(code @ [0.1, 0.2, 0.3, 0.4])


# by hand from the published settings: mean and spread of the target, and whether the output is brought back with them
SCALES = {
    "simswap_256": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], False),
    "simswap_unofficial_512": ([0, 0, 0], [1, 1, 1], False),
    "inswapper": ([0, 0, 0], [1, 1, 1], False),
    "blendswap_256": ([0, 0, 0], [1, 1, 1], False),
    "alphaface_256": ([0, 0, 0], [1, 1, 1], False),
    "other": ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5], True),
}
TEMPLATES = {
    "simswap": "simswap",
    "ghost": "simswap",
    "hififace": "mtcnn",
    "inswapper": "arcface_128",
    "hyperswap": "arcface_128",
    "alphaface": "arcface_128",
    "blendswap": "ffhq",
    "uniface": "ffhq",
    "cscs": "ffhq",
}


def expected_crop(name: str, item) -> np.ndarray:
    """Work out by hand the crop that the stand-in paints."""
    family = name.partition("_")[0]
    size = int(name.rsplit("_", 1)[-1]) if name[-1].isdigit() and not name.endswith("fp16") else 128
    mean, spread, back = SCALES.get(name, SCALES.get(family, SCALES["other"]))
    target = crop_of(item.target, TEMPLATES[family], size).astype(np.float64) / 255
    values = ((target - mean) / spread + expected_number(name, item.source)) / 2
    if back:
        values = values * spread + mean
    return np.clip(values, 0, 1) * 255


@pytest.mark.parametrize("name", TABLE)
def test_a_model_of_the_table_gets_and_gives_what_its_authors_publish(name, item):
    install(name)
    (found,) = OnnxSwapper(model=name, paste="crop").swap([item])
    assert not isinstance(found, ItemError), found.reason
    wanted = expected_crop(name, item)
    assert found.image.shape == wanted.shape
    assert np.abs(found.image - wanted).max() <= 0.51  # rounding to whole grey levels
    template = TEMPLATES[name.partition("_")[0]]
    landed = align.transform(item.target.landmarks, found.matrix)
    best = align.similarity(item.target.landmarks, align.TEMPLATES[template] * len(wanted))
    np.testing.assert_allclose(landed, align.transform(item.target.landmarks, best), atol=1e-9)


def test_the_result_is_pasted_with_the_box_and_the_frame_stays_outside(item):
    install("hyperswap_1a_256")
    (crop,) = OnnxSwapper(model="hyperswap_1a_256", paste="crop").swap([item])
    (whole,) = OnnxSwapper(model="hyperswap_1a_256").swap([item])
    frame = read_rgb(item.target.image.path)
    wanted = align.paste_back(frame, crop.image, crop.matrix, box_mask((256, 256), 0.3))
    np.testing.assert_array_equal(whole.image, wanted)
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]]
    inside = align.transform(np.stack([x.ravel(), y.ravel()], axis=1), crop.matrix)
    outside = ((inside < -1) | (inside > 256)).any(1).reshape(frame.shape[:2])
    np.testing.assert_array_equal(whole.image[outside], frame[outside])
    assert (whole.image != frame).any()


def test_the_networks_own_mask_decides_where_it_is_asked_for(item):
    model = install("hyperswap_1a_256", masked=True)  # its mask is the upper half
    (crop,) = OnnxSwapper(model="hyperswap_1a_256", paste="crop").swap([item])
    (found,) = OnnxSwapper(model="hyperswap_1a_256", mask="model").swap([item])
    frame = read_rgb(item.target.image.path)
    upper, lower = (np.rint(align.transform([[128, y]], align.invert(crop.matrix))[0]).astype(int) for y in (90, 166))
    assert found.image[lower[1], lower[0]].tolist() == frame[lower[1], lower[0]].tolist()
    assert found.image[upper[1], upper[0]].tolist() != frame[upper[1], upper[0]].tolist()
    assert model.mask_output == 1


def test_a_batch_gives_the_pixels_that_one_call_a_pair_gives(people, make_item):
    install("hyperswap_1b_256", batch="N")
    items = [make_item(people[-1], people[place], key=f"000_003/f{place:04d}") for place in range(4)]
    together = OnnxSwapper(model="hyperswap_1b_256", batch=4, paste="crop").swap(items)
    for item, found in zip(items, together, strict=True):
        (alone,) = OnnxSwapper(model="hyperswap_1b_256", paste="crop").swap([item])
        np.testing.assert_array_equal(found.image, alone.image)


def test_a_file_for_one_picture_takes_a_batch_one_by_one(people, make_item):
    install("hyperswap_1b_256", batch=1)
    items = [make_item(people[-1], people[place], key=f"000_003/f{place:04d}") for place in range(3)]
    found = OnnxSwapper(model="hyperswap_1b_256", batch=8, paste="crop").swap(items)
    for item, outcome in zip(items, found, strict=True):
        assert np.abs(outcome.image - expected_crop("hyperswap_1b_256", item)).max() <= 0.51


def test_each_source_is_embedded_once(people, make_item, monkeypatch):
    install("hyperswap_1c_256")
    from fsbench.adapters.onnx_session import Session

    calls: list[str] = []
    run = Session.run
    monkeypatch.setattr(Session, "run", lambda self, feeds: calls.append(self.path.name) or run(self, feeds))
    swapper = OnnxSwapper(model="hyperswap_1c_256")
    for place in (0, 1, 2):
        swapper.swap([make_item(people[-1], people[place], key=f"000_003/f{place:04d}")])
    swapper.swap([make_item(people[1], people[0])])
    assert calls.count("w600k_r50.onnx") == 2
    assert calls.count("hyperswap_1c_256.onnx") == 4


def test_an_item_that_cannot_be_aligned_fails_alone(people, make_item, flat_face):
    install("simswap_256")
    import dataclasses

    point = dataclasses.replace(flat_face(), landmarks=np.full((5, 2), 7.0))
    found = OnnxSwapper(model="simswap_256").swap([make_item(people[0], point), make_item(people[0], people[1])])
    assert "cannot be aligned" in found[0].reason
    assert not isinstance(found[1], ItemError)


def test_provenance_names_the_provider_the_weights_and_their_licences(item):
    install("simswap_256")
    swapper = OnnxSwapper(model="simswap_256")
    assert swapper.facts() == {"onnx provider": "CPUExecutionProvider"}
    files = ["simswap_256.onnx", "w600k_r50.onnx", "crossface_simswap.onnx"]
    assert list(swapper.weight_files()) == files
    assert list(swapper.licences()) == files
    assert "CC BY-NC 4.0" in swapper.licences()["simswap_256.onnx"]


def test_a_table_of_ones_own_needs_no_code(item, tmp_path):
    install("hyperswap_1a_256")
    table = tmp_path / "mine.toml"
    table.write_text(
        '[mine]\nabout = "mine"\nweight = "hyperswap-1a-256"\ntemplate = "arcface_128"\nsize = 256\nmean = 0.5\n'
        'std = 0.5\noutput = "as_input"\nfamily = []\nlicence = "MIT"\n'
        '[mine.source]\nkind = "code"\nnetworks = ["arcface-w600k-r50"]\nnormalise = "unit"\n'
    )
    (found,) = OnnxSwapper(model="mine", table=str(table), paste="crop").swap([item])
    assert np.abs(found.image - expected_crop("hyperswap_1a_256", item)).max() <= 0.51


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "simswap"}, "no ONNX model is called 'simswap'"),
        ({"model": "simswap_256", "mask": "round"}, "no mask 'round'"),
        ({"model": "simswap_256", "mask": "model"}, "gives no mask of its own"),
        ({"model": "simswap_256", "paste": "glue"}, "no paste 'glue'"),
        ({"model": "simswap_256", "blur": 2.0}, "'blur' is 2, wanted 0 to 1"),
        ({"model": "simswap_256", "batch": -1}, "'batch' is -1"),
        ({"model": "simswap_256", "table": "nowhere.toml"}, "nowhere.toml cannot be read"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        OnnxSwapper(**settings)


def test_a_provider_that_is_not_installed_is_named_with_those_that_are(item):
    install("simswap_256")
    with pytest.raises(ConfigError, match=r"no CoreMLExecutionProvider here; it has .*CPUExecutionProvider"):
        OnnxSwapper(model="simswap_256", provider="coreml").swap([item])
    with pytest.raises(ConfigError, match="knows no provider 'tpu'"):
        OnnxSwapper(model="simswap_256", provider="tpu").swap([item])


def test_a_missing_weight_is_answered_with_the_command_that_brings_it():
    with pytest.raises(DependencyError) as caught:
        OnnxSwapper(model="simswap_256").weight_files()
    assert "fsbench zoo fetch simswap-256" in caught.value.hint


def test_a_file_that_is_no_network_or_has_other_inputs_is_named(item):
    install("simswap_256")
    installed("simswap-256").write_bytes(b"no network")
    pin("simswap-256")
    with pytest.raises(DependencyError, match=r"simswap_256.onnx is no ONNX network that runs here"):
        OnnxSwapper(model="simswap_256").swap([item])
    swapper_network(TABLE["cscs_256"].model_copy(update={"weight": "simswap-256"}))
    with pytest.raises(ConfigError, match="has the inputs input_1, input_2; its table entry says target, source"):
        OnnxSwapper(model="simswap_256").swap([item])


def test_a_map_that_does_not_fit_the_code_is_named(item):
    model = TABLE["inswapper_128"]
    install("inswapper_128")
    network = onnx.load(installed(model.weight))
    network.graph.initializer[-1].CopyFrom(numpy_helper.from_array(np.eye(3, dtype=np.float32), "emap"))
    onnx.save(network, installed(model.weight))
    pin(model.weight)
    with pytest.raises(ConfigError, match="ends with a matrix of 3 x 3; its codes have 4 numbers"):
        OnnxSwapper(model="inswapper_128").swap([item])


def test_its_networks_are_there_to_be_measured():
    install("simswap_256")
    painter, *face_nets = OnnxSwapper(model="simswap_256", threads=2).parts()
    assert painter.run()[0].shape == (1, 3, 256, 256)
    assert painter.plain is None
    assert [part.name for part in face_nets] == [installed(n).name for n in ("arcface-w600k-r50", "crossface-simswap")]
    assert all(part.once_a_source and part.files[0].is_file() for part in face_nets)
    assert face_nets[0].parameters == CODE  # its gains; the integer is no parameter
    for part in face_nets:
        part.run()


def test_a_source_that_is_forgotten_is_embedded_again(item, monkeypatch):
    install("simswap_256")
    swapper, calls, run = OnnxSwapper(model="simswap_256"), [], Session.run
    monkeypatch.setattr(Session, "run", lambda self, feeds: (calls.append(self.path.name), run(self, feeds))[1])
    for _ in range(2):
        swapper.swap([item])
        swapper.forget()
    assert calls.count(installed("arcface-w600k-r50").name) == 2
