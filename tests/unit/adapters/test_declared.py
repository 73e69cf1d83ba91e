import pytest

from fsbench.adapters.command import Command
from fsbench.adapters.declared import identity_networks
from fsbench.adapters.landmark import Landmark
from fsbench.adapters.precomputed import Precomputed
from fsbench.errors import ConfigError
from fsbench.types import IdentityUse


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", None),
        ("none", ()),
        ("arcface", (IdentityUse("arcface"),)),
        ("arcface-w600k-r50", (IdentityUse("arcface", "arcface-w600k-r50"),)),
        ("cosface, facenet", (IdentityUse("cosface"), IdentityUse("facenet"))),
        ("other:adaface", (IdentityUse("adaface"),)),
    ],
)
def test_what_the_user_says_becomes_networks(text, networks):
    assert identity_networks(text) == networks


def test_a_name_that_nobody_knows_is_refused_with_a_guess():
    with pytest.raises(ConfigError, match="no identity network is called 'arcfase'; did you mean 'arcface'") as caught:
        identity_networks("arcfase")
    assert "other:NAME" in caught.value.hint
    with pytest.raises(ConfigError, match="'scrfd-10g'"):
        identity_networks("scrfd-10g")


def test_folders_and_programs_say_what_they_are_told_and_a_classical_swap_says_none(tmp_path):
    assert Precomputed(folder=str(tmp_path)).identity_networks() is None
    assert Precomputed(folder=str(tmp_path), trained_with="cosface").identity_networks() == (IdentityUse("cosface"),)
    call = "true {source} {target} {output}"
    assert Command(call=call, trained_with="none").identity_networks() == ()
    assert Landmark().identity_networks() == ()
