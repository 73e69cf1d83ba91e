"""A narrow network of 64 px, ready to export."""

from __future__ import annotations

import pytest

from fsbench.exports.network import Network, face_net_network, generator_network
from fsbench.exports.random_weights import NOTE, random_face_net, random_trained


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
