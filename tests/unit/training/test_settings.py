import pytest

from fsbench.errors import ConfigError
from fsbench.training.ablations import ABLATIONS, ablation
from fsbench.training.network import Generator
from fsbench.training.settings import training_settings


def test_the_defaults_are_the_published_weights_and_optimiser():
    settings = training_settings({})
    loss, optimiser = settings.loss, settings.optimiser
    assert (loss.adversarial, loss.identity) == ((1, 0.02, 0.02), (20, 20, 20))
    assert (loss.pixel, loss.attribute, loss.margin) == (10, 4, 0)
    assert (optimiser.generator_rate, optimiser.discriminator_rate) == (1e-4, 1e-4)
    assert (optimiser.betas, optimiser.batch_size) == ((0.0, 0.999), 16)


def test_settings_survive_being_written():
    settings = training_settings({"loss": {"identity_network": "dlib"}, "data": {"weights": {"vanilla": 1}}})
    assert training_settings(settings.dumped()) == settings


def test_the_embedding_has_as_many_numbers_as_the_identity_network_gives():
    assert training_settings({"loss": {"identity_network": "dlib"}}).network.embedding_size == 128
    with pytest.raises(ConfigError, match="embedding_size is 7"):
        training_settings({"network": {"embedding_size": 7}})


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"stesp": 3}, "stesp is no setting"),
        ({"loss": {"pixels": 3}}, "loss.pixels is no setting"),
        ({"steps": 0}, "steps: "),
        ({"optimiser": {"batch_size": "x"}}, "optimiser.batch_size"),
        ({"network": {"image_size": 100}}, "network"),
        ({"loss": 3}, "loss"),
    ],
)
def test_a_wrong_setting_is_named(wrong, named):
    with pytest.raises(ConfigError, match=named):
        training_settings(wrong)


def test_each_ablation_changes_what_it_says_and_nothing_else():
    base = {"network": {"image_size": 64, "width": 4}, "data": {"workers": 0}}
    plain = training_settings(base).dumped()
    for name, item in ABLATIONS.items():
        changed = training_settings(item.applied(base)).dumped()
        differing = {
            (section, key)
            for section, values in plain.items()
            if isinstance(values, dict)
            for key in values
            if changed[section][key] != values[key]
        }
        assert differing == ({(item.section, key) for key in item.changes} if name != "baseline" else set())
    assert base == {"network": {"image_size": 64, "width": 4}, "data": {"workers": 0}}


def test_fewer_scales_have_fewer_pictures_and_losses():
    for name, sizes in (("scale256", [64]), ("scale256+128", [64, 32])):
        settings = training_settings(ablation(name).applied({"network": {"image_size": 64, "width": 4}}))
        assert list(Generator(settings.network).settings.sizes) == sizes


def test_a_mistyped_ablation_is_offered_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'shallow'"):
        ablation("shalow")
