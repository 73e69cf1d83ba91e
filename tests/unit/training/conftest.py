import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep torch from waiting for processors that other tests use."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def lived_in():
    """Give batch norms statistics and factors as training would: none may stay at 0 or 1."""

    def change(network):
        draw = torch.Generator().manual_seed(1)
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0, generator=draw)
            elif name.endswith(("running_mean", "normalize.weight", "normalize.bias")):
                tensor.normal_(0.3, 0.5, generator=draw)
        return network

    return change
