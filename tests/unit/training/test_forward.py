"""The generator against itself once more, written out flat from the description of the released network: no class of
ours and no loop over scales."""

import pytest
import torch
import torch.nn.functional as F

from fsbench.training.architecture import NetworkSettings
from fsbench.training.network import Generator


def generate(p, target, embedding, *, training):
    """`p` is a state dict. Returns the pictures at full, half and quarter size."""

    def norm(x, name):
        if training:
            mean = x.mean((0, 2, 3), keepdim=True)
            var = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
        else:
            mean = p[f"{name}.running_mean"][None, :, None, None]
            var = p[f"{name}.running_var"][None, :, None, None]
        x = (x - mean) / (var + 1e-5) ** 0.5
        if f"{name}.weight" in p:
            x = x * p[f"{name}.weight"][None, :, None, None] + p[f"{name}.bias"][None, :, None, None]
        return x

    def conv(x, name, **kwargs):
        return F.conv2d(x, p[f"{name}.weight"], p.get(f"{name}.bias"), **kwargs)

    def leaky(x):
        return torch.where(x > 0, x, 0.01 * x)

    def identity_block(x, name):
        mean = embedding @ p[f"{name}.fc_mean.weight"].T + p[f"{name}.fc_mean.bias"]
        deviation = embedding @ p[f"{name}.fc_var.weight"].T + p[f"{name}.fc_var.bias"]
        y = leaky(norm(x, f"{name}.normalize") * deviation[:, :, None, None] + mean[:, :, None, None])
        return x + conv(leaky(conv(y, f"{name}.conv1x1")), f"{name}.conv3x3", padding=1)

    def plain_block(x, name):
        return conv(leaky(conv(norm(x, f"{name}.normalize"), f"{name}.conv1x1")), f"{name}.conv3x3", padding=1)

    def down(x, name):
        return leaky(conv(norm(x, f"{name}.normalize"), f"{name}.conv", stride=2, padding=1))

    def up(x, name):
        x = F.interpolate(norm(x, f"{name}.normalize"), scale_factor=2, mode="bilinear", align_corners=True)
        return leaky(conv(F.pad(x, (1, 1, 1, 1), mode="reflect"), f"{name}.conv"))

    def decoder_block(x, attribute, name):
        kernel = p[f"{name}.conv_attention.weight"].shape[-1]
        m = conv(x, f"{name}.conv_attention", padding=kernel // 2)
        return x + plain_block(m * x + (1 - m) * attribute, f"{name}.basic_block")

    a256_0 = leaky(conv(target, "encoder_head.conv_image", padding=1))
    i256 = conv(leaky(conv(a256_0, "encoder_head.conv1x1")), "encoder_head.conv3x3", padding=1)

    def attribute(x, name):
        return x + plain_block(x, f"attribute_encoder.{name}")

    a256_1 = attribute(a256_0, "b256_1")
    a256_2 = attribute(a256_1, "b256_2")
    a128_0 = down(a256_2, "attribute_encoder.downsample128")
    a128_1 = attribute(a128_0, "b128_1")
    a128_2 = attribute(a128_1, "b128_2")
    a128_3 = attribute(a128_2, "b128_3")
    a64_0 = down(a128_3, "attribute_encoder.downsample64")
    a64_1 = attribute(a64_0, "b64_1")
    a64_2 = attribute(a64_1, "b64_2")
    a64_3 = attribute(a64_2, "b64_3")
    a64_4 = attribute(a64_3, "b64_4")

    e = "identity_encoder"
    i256 = identity_block(i256, f"{e}.b256_down")
    i128 = identity_block(down(i256, f"{e}.down128"), f"{e}.b128_down")
    i64 = identity_block(down(i128, f"{e}.down64"), f"{e}.b64_down")
    i32 = identity_block(down(i64, f"{e}.down32"), f"{e}.b32_down")
    if f"{e}.down16.conv.weight" in p:  # the released depth; the paper's ends here
        i16 = identity_block(down(i32, f"{e}.down16"), f"{e}.b16_down")
        i8 = identity_block(down(i16, f"{e}.down8"), f"{e}.b8_down")
        j16 = identity_block(up(i8, f"{e}.up16") + i16, f"{e}.b16_up")
        i32 = identity_block(up(j16, f"{e}.up32") + i32, f"{e}.b32_up")
    x = identity_block(up(i32, f"{e}.up64") + i64, f"{e}.b64_up")

    x = decoder_block(x, a64_4, "decoder.b64_4")
    x = decoder_block(x, a64_3, "decoder.b64_3")
    x = decoder_block(x, a64_2, "decoder.b64_2")
    x = decoder_block(x, a64_1, "decoder.b64_1")
    x = decoder_block(x, a64_0, "decoder.b64_0")
    picture64 = torch.tanh(conv(x, "decoder.image64_output.conv", padding=1))
    x = up(x, "decoder.up128")
    x = decoder_block(x, a128_3, "decoder.b128_3")
    x = decoder_block(x, a128_2, "decoder.b128_2")
    x = decoder_block(x, a128_1, "decoder.b128_1")
    x = decoder_block(x, a128_0, "decoder.b128_0")
    picture128 = torch.tanh(conv(x, "decoder.image128_output.conv", padding=1))
    x = up(x, "decoder.up256")
    x = decoder_block(x, a256_2, "decoder.b256_2")
    x = decoder_block(x, a256_1, "decoder.b256_1")
    x = decoder_block(x, a256_0, "decoder.b256_0")
    return torch.tanh(conv(x, "decoder.image256_output.conv", padding=1)), picture128, picture64


@pytest.mark.parametrize("variant", ["released", "paper"])
@pytest.mark.parametrize("training", [False, True])
def test_the_forward_pass_equals_a_plain_implementation_within_1e_5(lived_in, variant, training):
    torch.manual_seed(0)
    settings = NetworkSettings(width=8, embedding_size=16, variant=variant)
    network = lived_in(Generator(settings)).train(training)
    target = torch.rand(2, 3, 256, 256) * 2 - 1
    embedding = torch.nn.functional.normalize(torch.randn(2, 16))
    with torch.inference_mode():
        wanted = generate(network.state_dict(), target, embedding, training=training)
        found = network(target, embedding)
    assert [tuple(picture.shape[-2:]) for picture in found] == [(256, 256), (128, 128), (64, 64)]
    for ours, plain in zip(found, wanted, strict=True):
        assert float(plain.std()) > 0.05  # a saturated or constant picture would prove nothing
        torch.testing.assert_close(ours, plain, atol=1e-5, rtol=0)


def test_the_released_width_and_embedding_equal_the_plain_implementation_too(lived_in):
    torch.manual_seed(0)
    network = lived_in(Generator()).eval()
    target = torch.rand(1, 3, 256, 256) * 2 - 1
    embedding = torch.nn.functional.normalize(torch.randn(1, 512))
    with torch.inference_mode():
        wanted = generate(network.state_dict(), target, embedding, training=False)
        found = network(target, embedding)
    for ours, plain in zip(found, wanted, strict=True):
        assert float(plain.std()) > 0.05
        torch.testing.assert_close(ours, plain, atol=1e-5, rtol=0)
