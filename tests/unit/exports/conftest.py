"""A narrow network of 64 px, ready to export."""

from __future__ import annotations

import pytest

from fsbench.exports.export import export
from fsbench.exports.manifest import manifest_path
from fsbench.exports.network import Network, face_net_network, generator_network
from fsbench.exports.random_weights import NOTE, random_face_net, random_trained
from fsbench.exports.targets import FORMATS, missing_packages


@pytest.fixture(scope="session")
def trained():
    return random_trained(size=64, width=8)


@pytest.fixture(scope="session")
def networks(trained) -> dict[str, Network]:
    return {
        "folded": generator_network(trained, folded=True, weights=NOTE),
        "plain": generator_network(trained, folded=False, weights=NOTE),
        "face-net": face_net_network(random_face_net(), weights=NOTE),
    }


@pytest.fixture(scope="session")
def folded(networks) -> Network:
    return networks["folded"]


@pytest.fixture(scope="session")
def exported(networks, tmp_path_factory):
    """Give a function that exports, once, or skips where a package is missing: to the manifest and its path."""
    made = {}
    folder = tmp_path_factory.mktemp("exports")

    def make(name, what="folded", precision="fp32"):
        if missing := missing_packages(FORMATS[name]):
            pytest.skip(f"needs {', '.join(missing)}")
        if (name, what, precision) not in made:
            (outcome,) = export(networks[what], [name], folder, precision=precision)
            assert outcome.problem == ""
            made[name, what, precision] = outcome.manifest
        manifest = made[name, what, precision]
        return manifest, manifest_path(folder / manifest.files[0].name)

    return make
