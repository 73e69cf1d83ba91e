"""How long does one training step take, against the loop that a script would write?

The straightforward loop keeps a graph of everything: the frozen networks' weights ask for gradients that nobody reads,
the target passes the attribute network with a graph, the identity network is called for each size of picture, and the
discriminator's weight gradients are computed in the generator's step and thrown away. VGG19 and MobileFaceNet have
random weights, since time does not depend on them. The gradients of both are compared first.

Three processes take turns (A B C A B C ...) on the same batch: fsbench as it trains, which also keeps freed memory;
fsbench with the allocator as it comes; and the straightforward loop, with the allocator as it comes.

    python benchmarks/training_step.py [--size 256] [--width 64] [--batch 2] [--threads N] [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection

import torch
from torch import nn
from torch.nn import functional

from fsbench.networks.mobilefacenet import MobileFaceNet
from fsbench.training.allocator import keep_freed_memory
from fsbench.training.architecture import NetworkSettings
from fsbench.training.discriminator import Discriminator
from fsbench.training.embedder import MOBILE_CROP, Embedder
from fsbench.training.network import Generator
from fsbench.training.perception import Vgg19Features
from fsbench.training.settings import LossSettings
from fsbench.training.step import Batch, Pictures, Step

BAR = 1.3  # times the straightforward loop's steps a second
CLOSE = 1e-5  # relative difference of the gradients


def main() -> int:
    """Compare gradients and times; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.size} px, width {options.width}, ", end="")
    print(f"batch {options.batch}")
    gap = gradient_gap(*ready(options))
    print(f"gradients: relative difference {gap:.1e} (bar {CLOSE:.0e})")
    ratio = compared(options)
    return 0 if ratio >= BAR and gap < CLOSE else 1


def ready(options: argparse.Namespace) -> tuple[Step, Batch]:
    """Build the networks and the batch, the same in every process."""
    torch.manual_seed(0)
    return networks(options.size, options.width), random_batch(options.batch, options.size)


def networks(size: int, width: int) -> Step:
    """Build all networks of a training step at random weights."""
    from torchvision.models import vgg19

    generator = Generator(NetworkSettings(image_size=size, width=width))
    embedder = Embedder("mobilefacenet", MobileFaceNet(), MOBILE_CROP, dim=512)
    features = Vgg19Features(vgg19(weights=None).features)
    return Step(generator, Discriminator(generator.settings.sizes), embedder, features, LossSettings())


def random_batch(count: int, size: int) -> Batch:
    """Make pictures of noise; the first has a ground truth, and the last an edited source."""
    source, target, truth = (torch.rand(count, 3, size, size) * 2 - 1 for _ in range(3))
    first = torch.arange(count) == 0
    return Batch(source, target, truth, first, ~(torch.arange(count) == count - 1))


def lean(step: Step, batch: Batch) -> None:
    """Find both networks' gradients the way fsbench trains."""
    cleared(step)
    pictures, wanted = step.generate(batch)
    step.generator_loss(batch, pictures, wanted).total.backward()
    step.discriminator_loss(batch, pictures).total.backward()


def straightforward(step: Step, batch: Batch) -> None:
    """Find them the way a script does."""
    cleared(step)
    step.embedder.requires_grad_(True)
    step.features.requires_grad_(True)
    step.discriminator.requires_grad_(True)
    pictures, _ = step.generate(batch)
    plain_generator_loss(step, batch, pictures).backward()
    step.discriminator.zero_grad()
    plain_discriminator_loss(step, batch, pictures).backward()
    step.embedder.requires_grad_(False)
    step.features.requires_grad_(False)


def plain_generator_loss(step: Step, batch: Batch, pictures: Pictures) -> torch.Tensor:
    """Sum the generator's losses in the paper's forms: embeddings one size at a time, everything with a graph."""
    settings, sizes = step.settings, step.sizes
    total = pictures[0].new_zeros(())
    for size, picture, weight in zip(sizes, pictures, settings.adversarial, strict=True):
        total = total - weight * step.discriminator.get_submodule(f"discriminator_{size}")(picture).mean()
    with torch.no_grad():
        wanted = step.embedder(batch.source)
    for picture, weight in zip(pictures, settings.identity, strict=True):
        total = total + weight * (1 - functional.cosine_similarity(step.embedder(picture), wanted)).mean()
    target = functional.avg_pool2d(batch.target, batch.target.shape[-1] // sizes[0])
    kept, found = step.features(target), step.features(pictures[0])
    for weight, one, other in zip(step.features.weights, found, kept, strict=True):
        total = total + settings.attribute * weight * (one - other).abs().mean()
    truth = functional.avg_pool2d(batch.truth, batch.truth.shape[-1] // sizes[0])
    squares = [(pictures[0][i] - truth[i]).square().mean() for i in range(len(truth)) if batch.has_truth[i]]
    return total + settings.pixel * torch.stack(squares).sum() / max(len(squares), 1)


def plain_discriminator_loss(step: Step, batch: Batch, pictures: Pictures) -> torch.Tensor:
    """Sum the hinge losses of the discriminators, sample by sample where the real picture is chosen."""
    sides = zip(batch.source, batch.target, batch.source_is_real, strict=True)
    real = torch.stack([source if is_real else target for source, target, is_real in sides])
    total = pictures[0].new_zeros(())
    for size, picture, weight in zip(step.sizes, pictures, step.settings.adversarial, strict=True):
        judge = step.discriminator.get_submodule(f"discriminator_{size}")
        shown = functional.interpolate(real, (size, size), mode="bilinear", align_corners=True)
        seen, made = judge(shown if size < real.shape[-1] else real), judge(picture.detach())
        total = total + weight * (functional.relu(1 - seen).mean() + functional.relu(1 + made).mean())
    return total


def cleared(step: Step) -> None:
    """Forget all gradients."""
    for network in (step.generator, step.discriminator, step.embedder, step.features):
        network.zero_grad()


def gradient_gap(step: Step, batch: Batch) -> float:
    """Compare both loops' gradients of both networks; the discriminator's spectral norms stand still meanwhile."""
    step.discriminator.eval()
    found = []
    for loop in (lean, straightforward):
        loop(step, batch)
        found.append([gradient(step.generator), gradient(step.discriminator)])
    step.discriminator.train()
    return max(float((one - other).norm() / other.norm()) for one, other in zip(*found, strict=True))


def gradient(network: nn.Module) -> torch.Tensor:
    """Give all gradients of a network in a row."""
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def take_turns(asked: Connection, options: argparse.Namespace, loop: str, keeps: bool) -> None:
    """Take a step each time that something comes, and answer with its seconds; the first one is not asked for."""
    if keeps and not keep_freed_memory():
        print("this C library has no mallopt: memory is not kept")
    torch.set_num_threads(options.threads)
    step, batch = ready(options)
    work = {"lean": lean, "straightforward": straightforward}[loop]
    work(step, batch)
    asked.send(0.0)
    while asked.recv():
        begun = time.perf_counter()
        work(step, batch)
        asked.send(time.perf_counter() - begun)


def compared(options: argparse.Namespace) -> float:
    """Let the three take turns; print each one's median, and give the median ratio of the first to the last."""
    kinds = {"fsbench": ("lean", True), "fsbench, plain allocator": ("lean", False)}
    kinds["straightforward"] = ("straightforward", False)
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        ends = []
        for loop, keeps in kinds.values():
            ours, theirs = context.Pipe()
            process = context.Process(target=take_turns, args=(theirs, options, loop, keeps), daemon=True)
            process.start()
            stack.callback(process.terminate)
            ours.recv()
            ends.append(ours)
        rounds = [[answer(end) for end in ends] for _ in range(options.rounds)]
    for name, times in zip(kinds, zip(*rounds, strict=True), strict=True):
        ratios = [row[-1] / own for row, own in zip(rounds, times, strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{name}: {statistics.median(times):.2f} s a step, {statistics.median(ratios):.2f} times ({spread})")
    print(f"bar {BAR}")
    return statistics.median(row[-1] / row[0] for row in rounds)


def answer(end: Connection) -> float:
    """Ask for one step, and wait for its seconds."""
    end.send(True)
    seconds: float = end.recv()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
