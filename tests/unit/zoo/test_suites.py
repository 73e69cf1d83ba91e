"""What `fsbench zoo fetch --suite` brings is what the suite's networks ask for."""

import pytest

from fsbench import catalog
from fsbench.protocols.presets import FOR_PROTOCOL, SUITES
from fsbench.zoo import manifest, store


@pytest.mark.parametrize("suite", sorted(set(SUITES) - {"offline"}))
def test_a_suite_names_the_weights_that_its_networks_ask_for(suite, folder):
    for item in manifest.weights().values():  # stand-ins that count as verified, so that every network gets its own
        path = folder / item.name / item.file
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
        store.remember(item, path, source_sha256="0" * 64, origin="a test")
    others = [by for (name, _), more in FOR_PROTOCOL.items() if name == suite for by in more.values()]

    asked = set()
    for name in [*SUITES[suite].values(), *others]:
        network = catalog.load(catalog.evaluator_target(name))()
        asked |= {path.parent.name for path in network.weight_files().values() if folder in path.parents}

    assert asked == {item.name for item in manifest.of_suite(suite)}
