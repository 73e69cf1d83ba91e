from itertools import islice

import pytest
from counted import Counted

from fsbench.training.draws import Draws, batches, held_out_batches


def numbers(stream, count):
    return [batch.source[:, 0, 0, 0].tolist() for batch in islice(stream, count)]


def test_two_processes_together_draw_what_one_with_twice_the_batch_draws():
    one = list(islice(Draws(batch_size=4), 3))
    both = [list(islice(Draws(batch_size=2, rank=rank, world=2), 3)) for rank in (0, 1)]
    assert [a + b for a, b in zip(*both, strict=True)] == one == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_a_resumed_training_draws_what_would_have_come():
    assert list(islice(Draws(batch_size=2, first_pass=2), 2)) == list(islice(Draws(batch_size=2), 4))[2:]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_whoever_reads_them(workers):
    stream = batches(Counted(), Draws(batch_size=2, first_pass=1), workers=workers, pin=False)
    assert numbers(stream, 3) == [[2, 3], [4, 5], [6, 7]]
    stream.close()


def test_held_out_batches_are_the_first_draws_each_time():
    first, second = (list(held_out_batches(Counted(), 5, 2)) for _ in range(2))
    assert numbers(iter(first), 3) == numbers(iter(second), 3) == [[0, 1], [2, 3], [4]]
    assert first[0].has_truth.tolist() == [True, False]
