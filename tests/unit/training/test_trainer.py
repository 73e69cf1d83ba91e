"""The training loop: what it writes, that a kill changes nothing, and that two processes equal one."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from fsbench.data.frames import png_bytes
from fsbench.errors import ConfigError, TrainingStopped
from fsbench.experiments.training import triplets, write_settings
from fsbench.training import checkpoint
from fsbench.training.numbered import numbered
from fsbench.training.settings import training_settings
from fsbench.training.trainer import Surroundings, Trainer
from fsbench.training.triplets import Triplet

SIZE = 64
STEPS = 7  # of the training that is killed after its first one or two
TINY = {
    "discriminator_width": 2,
    "network": {"image_size": SIZE, "width": 2},
    "loss": {"identity_network": "dlib", "attribute_network": "dlib", "identity": [20, 0, 0], "centre": False},
    "optimiser": {"batch_size": 2, "generator_rate": 1e-3, "discriminator_rate": 1e-3},
    "data": {"weights": {"vanilla": 1, "vanilla_same": 1, "fat": 1, "grin": 1}, "workers": 0, "augment": True},
    "hardware": {"accelerator": "cpu", "threads": 1},
    "record": {"log": 1, "pictures": 3, "validate": 2, "validate_draws": 2, "checkpoint": 1, "keep": 2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Triplets of every kind that is trained on here: coloured noise, since only the loop is looked at."""
    root, random = tmp_path_factory.mktemp("triplets"), np.random.default_rng(0)
    names = ["vanilla/a.png", "vanilla/b.png", "vanilla/c.png"]
    names += [f"{place}/x.{half}.png" for place in ("source_as_gt/fat", "target_as_gt/grin") for half in PAIR]
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = random.integers(0, 256, (8, 8, 3), np.uint8)
        path.write_bytes(png_bytes(blocks.repeat(SIZE // 8, 0).repeat(SIZE // 8, 1)))
    return root


PAIR = ("original", "edited")


def settings_for(folder, out, **given):
    sections = {key: {**TINY[key], **value} if isinstance(value, dict) else value for key, value in given.items()}
    values = {**TINY, **sections, "out": str(out)}
    values["data"] = {**values["data"], "folder": str(folder), "held_out": str(folder)}
    values["data"]["held_out_weights"] = {"vanilla": 1, "fat": 1}
    return training_settings(values)


def trainer(settings, data=None, held_out=None):
    around = Surroundings(data or triplets(settings), held_out, lambda name: pytest.fail(f"{name} is asked for"))
    return Trainer(settings, Fabric(accelerator="cpu", devices=1), around)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def state(path, part="generator"):
    return torch.cat([tensor.flatten().double() for tensor in checkpoint.read(path)[part].values()])


def test_a_training_writes_losses_validation_curves_pictures_and_the_newest_checkpoints(folder, tmp_path):
    settings = settings_for(folder, tmp_path / "run", steps=3)
    path = trainer(settings, held_out=triplets(settings)).run()
    losses = rows(tmp_path / "run/losses.csv")
    assert [row["step"] for row in losses] == ["1", "2", "3"]
    named = {"generator", "discriminator", "attribute", "pixel", "identity_64", "adversarial_64", "discriminator_16"}
    assert named <= set(losses[0]) and all(float(row["generator"]) > 0 for row in losses)
    assert float(losses[2]["images_per_second"]) > 0
    assert [row["step"] for row in rows(tmp_path / "run/validation.csv")] == ["2", "3"]
    assert (tmp_path / "run/curves.png").stat().st_size > 5_000
    assert [p.name for p in (tmp_path / "run/pictures").iterdir()] == ["step-00000003.png"]
    assert [p.name for p in numbered(path.parent)] == ["checkpoint-00000002.pt", "checkpoint-00000003.pt"]
    assert any((tmp_path / "run/tensorboard").iterdir())
    trained = checkpoint.load_trained(path)
    assert trained.step == 3 and trained.identity == "dlib" and trained.centre is None


def test_a_training_is_the_same_twice_and_moves_every_weight(folder, tmp_path):
    first, second = (trainer(settings_for(folder, tmp_path / name, steps=1)).run() for name in "ab")
    assert torch.equal(state(first), state(second))
    torch.manual_seed(0)
    begun = trainer(settings_for(folder, tmp_path / "c")).assembly.step.generator.state_dict()
    moved = checkpoint.read(first)["generator"]
    still = [name for name in begun if torch.equal(begun[name], moved[name]) and begun[name].numel() > 1]
    assert still == []


def test_the_centre_is_the_mean_embedding_of_the_first_sources_and_stays_when_a_training_goes_on(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("fsbench.training.trainer.CENTRE_DRAWS", 3)
    settings = settings_for(folder, tmp_path / "run", steps=1, loss={"centre": True})
    begun = trainer(settings)
    sources = torch.stack([triplets(settings)[number].source for number in range(3)])
    wanted = begun.assembly.step.embedder.raw(sources).mean(0)
    path = begun.run()
    torch.testing.assert_close(checkpoint.load_trained(path).centre, wanted)
    monkeypatch.setattr("fsbench.training.trainer.CENTRE_DRAWS", 1)
    last = numbered(path.parent)[-1]
    further = settings_for(folder, tmp_path / "run", steps=2, loss={"centre": True})
    assert torch.equal(
        checkpoint.load_trained(trainer(further).run(resume=last)).centre, begun.assembly.step.embedder.centre
    )


def test_killed_and_resumed_equals_never_stopped(folder, tmp_path):
    """`kill -9` after a checkpoint, in the middle of whatever the process does then."""
    whole = trainer(settings_for(folder, tmp_path / "whole", steps=STEPS)).run()
    file = write_settings(settings_for(folder, tmp_path / "cut", steps=STEPS))
    words = [sys.executable, "-m", "fsbench", "train", "mobilefsgan", "--config", str(file)]
    long = subprocess.Popen([*words, "--steps", "100000"], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300
    while not numbered(tmp_path / "cut") and long.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    long.send_signal(signal.SIGKILL)
    assert long.wait() == -signal.SIGKILL, long.stderr and long.stderr.read().decode()
    reached = numbered(tmp_path / "cut")
    assert reached and int(reached[-1].stem[-8:]) < STEPS, "killed too late to say anything"
    refused = subprocess.run([*words], capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "--resume goes on with it" in refused.stderr
    done = subprocess.run([*words, "--steps", str(STEPS), "--resume"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    cut = tmp_path / "cut/generator.pt"
    assert torch.equal(state(cut), state(whole))
    last = f"checkpoint-{STEPS:08d}.pt"
    assert torch.equal(state(cut.parent / last, "discriminator"), state(whole.parent / last, "discriminator"))
    assert [row["step"] for row in rows(tmp_path / "cut/losses.csv")] == [str(step) for step in range(1, STEPS + 1)]


def test_two_processes_train_to_the_weights_of_one_with_twice_the_batch(folder, tmp_path):
    given = {"steps": 2, "optimiser": {"batch_size": 2}, "hardware": {"devices": 2}}
    two = settings_for(folder, tmp_path / "two", **given)
    file = write_settings(two)
    words = [sys.executable, "-m", "fsbench", "train", "mobilefsgan", "--config", str(file)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env, timeout=400)
    assert done.returncode == 0, done.stderr
    one = trainer(settings_for(folder, tmp_path / "one", steps=2, optimiser={"batch_size": 4})).run()
    begun = trainer(settings_for(folder, tmp_path / "zero")).assembly.step.generator.state_dict()
    start = torch.cat([tensor.flatten().double() for tensor in begun.values()])
    moved = (state(one) - start).norm()
    apart = (state(tmp_path / "two/generator.pt") - state(one)).norm()
    assert apart < 0.01 * moved  # Adam's first steps turn a gradient's sign into a step, so rounding shows
    losses = [rows(tmp_path / name / "losses.csv") for name in ("one", "two")]
    for a, b in zip(*losses, strict=True):
        assert float(a["generator"]) == pytest.approx(float(b["generator"]), rel=1e-4)


def test_other_settings_are_refused_at_resuming_and_free_ones_are_not(folder, tmp_path):
    path = trainer(settings_for(folder, tmp_path / "run", steps=1)).run()
    last = numbered(path.parent)[-1]
    other = settings_for(folder, tmp_path / "run", steps=2, loss={"pixel": 3.0})
    with pytest.raises(ConfigError, match=r"other settings in \[loss\]"):
        trainer(other).run(resume=last)
    with pytest.raises(ConfigError, match="holds a finished generator alone"):
        trainer(settings_for(folder, tmp_path / "run", steps=2)).run(resume=path)
    free = settings_for(folder, tmp_path / "run", steps=2, record={"log": 2})
    assert checkpoint.read(trainer(free).run(resume=last))["step"] == 2


class Planted:
    """Real triplets, one of which has a pixel that is no number."""

    def __init__(self, data, number):
        self.data, self.number = data, number

    def __getitem__(self, draw):
        found = self.data[draw]
        if draw != self.number:
            return found
        target = found.target.clone()
        target[0, 3, 3] = float("nan")
        return Triplet(found.source, target, *found[2:])


def test_a_loss_that_is_no_number_stops_before_the_weights_move_and_its_batch_is_kept(folder, tmp_path):
    settings = settings_for(folder, tmp_path / "run", steps=4)
    training = trainer(settings, Planted(triplets(settings), number=5))  # the third step's second sample
    with pytest.raises(TrainingStopped, match=r"step 3: .*generator.* is not finite; the batch is in"):
        training.run()
    (kept,) = (tmp_path / "run").glob("not-finite-step-00000003-process-0.pt")
    content = torch.load(kept, weights_only=True)
    assert content["batches"][0][1].isnan().sum() == 1
    saved = checkpoint.read(tmp_path / "run/checkpoint-00000002.pt")["generator"]
    now = training.assembly.step.generator.state_dict()
    learnt = [name for name, _ in training.assembly.step.generator.named_parameters()]
    assert all(torch.equal(now[name], saved[name]) for name in learnt)


def test_gradients_over_several_passes_are_the_mean_of_theirs(folder, tmp_path):
    """Two passes of two samples move the weights as the mean of both passes' gradients would."""
    settings = settings_for(folder, tmp_path / "run", optimiser={"accumulate": 2})
    training = trainer(settings)
    stream = training._stream()
    passes = [next(stream), next(stream)]
    step, alone = training.assembly.step, []
    held = step.generator.state_dict()
    held = {name: tensor.clone() for name, tensor in held.items()}
    share = torch.stack([batch.has_truth.sum() for batch in passes]).sum().float().clamp(min=1) / 2
    step.discriminator.eval()
    for batch in passes:
        step.generator.zero_grad()
        pictures, wanted = step.generate(batch)
        step.generator_loss(batch, pictures, wanted, share).total.backward()
        alone.append([p.grad.clone() for p in step.generator.parameters() if p.grad is not None])
    step.generator.load_state_dict(held)
    training.update(passes, 1)
    found = [p.grad for p in step.generator.parameters() if p.grad is not None]
    for one, other, both in zip(*alone, found, strict=True):
        torch.testing.assert_close((one + other) / 2, both, rtol=1e-4, atol=1e-6)


def test_half_precision_trains(folder, tmp_path):
    settings = settings_for(folder, tmp_path / "run", steps=1)
    around = Surroundings(triplets(settings), None, lambda name: pytest.fail(name))
    path = Trainer(settings, Fabric(accelerator="cpu", devices=1, precision="bf16-mixed"), around).run()
    whole = trainer(settings_for(folder, tmp_path / "whole", steps=1)).run()
    loss, wanted = (float(rows(p.parent / "losses.csv")[0]["generator"]) for p in (path, whole))
    assert loss == pytest.approx(wanted, rel=0.02) and loss != wanted


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is glibc's")
def test_freed_memory_is_kept():
    """Filling a large block anew costs no new pages.

    At first it does: an aligned block leaves slivers about it, which its thread keeps to itself, seven of a size, and
    which part the block from what is free beside it.
    """
    code = """
import resource, torch
from fsbench.training.allocator import keep_freed_memory
keeps = keep_freed_memory() if {keeps} else True
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(20_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(keeps, [faults() for _ in range(12)][-1])
"""
    found = {}
    for keeps in (True, False):
        done = subprocess.run(
            [sys.executable, "-c", code.format(keeps=keeps)], capture_output=True, text=True, check=True
        )
        said, faults = done.stdout.split()
        found[keeps] = int(faults)
        if keeps and said == "False":
            pytest.skip("this C library has no mallopt")
    assert found[True] < 100 < found[False]
