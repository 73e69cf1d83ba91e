import textwrap

import pytest

from fsbench import overlap
from fsbench.engine.plugins import identify, plugin
from fsbench.errors import ConfigError
from fsbench.interfaces import Evaluator, Swapper
from fsbench.types import IdentityUse

PARTS = """
    from pathlib import Path
    import numpy as np
    from fsbench.interfaces import Evaluator, Swapper
    from fsbench.types import IdentityUse

    class Judge(Evaluator):
        role, name, title, version, dim = "identity", "judge", "Judge", 1, 4
        family = "arcface"

        def __init__(self, *, weight: str = "", file: str = "", training: bool = False) -> None:
            self.weight, self.file, self.for_training = weight, file, training

        def weight_files(self):
            return {"judge": Path(self.file)} if self.file else {}

        def extract(self, faces):
            return np.zeros((len(faces), 4), np.float32)

    class NoNetwork(Judge):
        family = ""

    class Method(Swapper):
        name, version = "method", 1

        def __init__(self, *, uses: str = "", file: str = "") -> None:
            self.uses, self.file = uses, file

        def identity_networks(self):
            if not self.uses:
                return super().identity_networks()
            pairs = [use.partition("/") for use in self.uses.split(",") if use != "none"]
            return tuple(IdentityUse(family, weight) for family, _, weight in pairs)

        def weight_files(self):
            return {"method": Path(self.file)} if self.file else {}

        def swap(self, items):
            return []

    class OldStyle(Method):
        trained_with = ("arcface",)
"""


@pytest.fixture
def build(tmp_path):
    file = tmp_path / "parts.py"
    file.write_text(textwrap.dedent(PARTS), encoding="utf-8")

    def build(name, kind=Swapper, **settings):
        return identify(plugin(f"{file}:{name}", {key: str(value) for key, value in settings.items()}, {}), kind)

    return build


W600K, EXPORT, MS1MV3 = "arcface-w600k-r50", "arcface-w600k-r50-facefusion", "arcface-ms1mv3-r50"


@pytest.mark.parametrize(
    ("measures", "uses", "kind"),
    [
        (W600K, f"arcface/{W600K}", "same file"),
        (W600K, f"arcface/{EXPORT}", "same weights"),
        (EXPORT, f"arcface/{W600K}", "same weights"),
        (W600K, f"arcface/{MS1MV3}", "same family"),
        (W600K, "arcface", "same family"),
        ("", f"arcface/{W600K}", "same family"),
        (W600K, "cosface/cosface-acc9928", "different family"),
        (W600K, f"cosface,arcface/{EXPORT}", "same weights"),
        (W600K, "none", "none"),
        (W600K, "", "not said"),
    ],
)
def test_the_table_tells_how_near_the_networks_are(build, measures, uses, kind):
    judge = {"identity": build("Judge", Evaluator, weight=measures)}

    (found,) = overlap.overlaps(judge, build("Method", uses=uses), "ours")

    assert found.kind == kind
    assert found.role == "identity"
    assert found.text.startswith("ours ")
    assert "{" not in found.text
    assert ("favoured" in found.text) == (kind in overlap.FAVOURED)


def test_equal_bytes_are_the_same_file_whatever_is_said(build, tmp_path):
    one, other = tmp_path / "a.onnx", tmp_path / "b.onnx"
    one.write_bytes(b"weights")
    other.write_bytes(b"weights")
    judge = {"identity": build("Judge", Evaluator, file=one)}

    (found,) = overlap.overlaps(judge, build("Method", uses="none", file=other), "ours")

    assert found.kind == "same file"


def test_a_tuple_of_families_still_declares(build):
    (found,) = overlap.overlaps({"identity": build("Judge", Evaluator)}, build("OldStyle"), "ours")

    assert (found.kind, found.uses) == ("same family", ("arcface",))


def test_a_published_network_is_known_by_the_weight_that_feeds_it():
    from fsbench.adapters.controls import CopyTarget

    named = type("Named", (CopyTarget,), {"trained_with": (W600K, "blendface")})()

    assert named.identity_networks() == (IdentityUse("arcface", W600K), IdentityUse("blendface"))


def test_networks_that_know_no_identity_and_runs_without_a_swapper_have_nothing_to_tell(build):
    assert overlap.overlaps({"pose": build("NoNetwork", Evaluator)}, build("Method"), "ours") == ()
    assert overlap.overlaps({"identity": build("Judge", Evaluator)}, None, "ours") == ()


@pytest.mark.parametrize("uses", ["arcface", f"arcface/{W600K}"])
def test_a_network_for_training_refuses_what_was_trained_with_its_family(build, uses):
    judge = {"identity": build("Judge", Evaluator, training=True)}
    methods = {"fair": build("Method", uses="cosface"), "ours": build("Method", uses=uses)}

    with pytest.raises(
        ConfigError, match=r"ours was trained with arcface.*, and judge is to measure identity"
    ) as caught:
        overlap.refuse(judge, methods, allowed=False)
    assert "--allow-overlap" in caught.value.hint
    overlap.refuse(judge, methods, allowed=True)


@pytest.mark.parametrize("uses", ["cosface", "none", ""])
def test_a_network_for_training_measures_all_others(build, uses):
    overlap.refuse(
        {"identity": build("Judge", Evaluator, training=True)}, {"ours": build("Method", uses=uses)}, allowed=False
    )


def test_a_weight_of_the_zoo_is_named_after_its_folder(build, tmp_path, monkeypatch):
    folder = tmp_path / "weights" / W600K
    folder.mkdir(parents=True)
    (folder / "w600k_r50.onnx").write_bytes(b"\x08")
    judge = build("Judge", Evaluator, file=folder / "w600k_r50.onnx")

    (found,) = overlap.overlaps({"identity": judge}, build("Method", uses=f"arcface/{EXPORT}"), "ours")

    assert (found.measured_by, found.kind) == (f"arcface ({W600K})", "same weights")


def test_two_networks_that_nobody_knows_the_weights_of_are_told_apart_by_family():
    assert overlap.relation(IdentityUse("a"), IdentityUse("a")) == "same family"
    assert overlap.relation(IdentityUse("a"), IdentityUse("b")) == "different family"
    assert overlap.relation(IdentityUse("a", "mine"), IdentityUse("a", "mine")) == "same file"
