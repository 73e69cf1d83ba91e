from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsbench.metrics.identity import cosine, retrieve

ROW = st.lists(st.integers(-3, 3), min_size=3, max_size=3).filter(any)
LABEL = st.sampled_from("abc")


def exact_score(probe, row, similarity):
    """Order the gallery of one probe as cosine does, without a root: sign(p.g) (p.g)^2 / |g|^2."""
    product = sum(x * y for x, y in zip(probe, row, strict=True))
    if similarity == "dot":
        return Fraction(product)
    return Fraction(product * abs(product), sum(x * x for x in row))


def brute_force(probe, gallery, wanted, labels, excluded, similarity):
    kept = [index for index in range(len(gallery)) if index != excluded]
    ranked = sorted(kept, key=lambda index: (-exact_score(probe, gallery[index], similarity), index))
    ranks = [place for place, index in enumerate(ranked, 1) if labels[index] == wanted]
    return (ranks[0] if ranks else 0), (ranked[0] if ranked else -1)


@st.composite
def tables(draw):
    probes, gallery = draw(st.lists(ROW, min_size=1, max_size=4)), draw(st.lists(ROW, min_size=1, max_size=9))
    n, m = len(probes), len(gallery)
    return {
        "probes": probes,
        "gallery": gallery,
        "probe_labels": draw(st.lists(LABEL, min_size=n, max_size=n)),
        "gallery_labels": draw(st.lists(LABEL, min_size=m, max_size=m)),
        "exclude": draw(st.lists(st.integers(-1, m - 1), min_size=n, max_size=n)),
        "similarity": draw(st.sampled_from(["cosine", "dot"])),
    }


@settings(max_examples=400, deadline=None)
@given(tables())
def test_retrieval_equals_a_loop_over_exact_fractions(table):
    found = retrieve(**table)
    for i, probe in enumerate(table["probes"]):
        expected = brute_force(
            probe, table["gallery"], table["probe_labels"][i], table["gallery_labels"],
            table["exclude"][i], table["similarity"],
        )  # fmt: skip
        assert (found.rank[i], found.nearest[i]) == expected


@settings(max_examples=100, deadline=None)
@given(tables())
def test_a_top_k_hit_is_a_hit_for_every_larger_k(table):
    found = retrieve(**table)
    for k in range(1, 8):
        assert np.all(found.hits(k) <= found.hits(k + 1))
    assert found.hits(5).mean() >= found.hits(1).mean()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_retrieval_over_several_blocks_equals_a_loop_over_rows(dtype):
    rng = np.random.default_rng(3)
    gallery = rng.normal(size=(300, 16)).astype(dtype)
    probes = (gallery[rng.integers(300, size=2500)] + rng.normal(size=(2500, 16))).astype(dtype)
    gallery_labels, probe_labels = [str(i // 10) for i in range(300)], [str(i % 31) for i in range(2500)]
    exclude = rng.integers(-1, 300, size=2500)
    found = retrieve(
        probes, gallery, probe_labels=probe_labels, gallery_labels=gallery_labels, exclude=exclude
    )  # fmt: skip
    unit = gallery.astype(np.float64) / np.linalg.norm(gallery.astype(np.float64), axis=1, keepdims=True)
    for i in range(0, 2500, 7):
        scores = (unit * probes[i].astype(np.float64)).sum(axis=1)
        order = [j for j in np.argsort(-scores, kind="stable") if j != exclude[i]]
        ranks = [place for place, j in enumerate(order, 1) if gallery_labels[j] == probe_labels[i]]
        assert found.nearest[i] == order[0]
        assert found.rank[i] == (ranks[0] if ranks else 0)


def test_equal_gallery_rows_tie_wherever_they_stand_and_the_earlier_wins():
    rng = np.random.default_rng(4)
    people = rng.normal(size=(9, 511)).astype(np.float32)
    gallery = np.tile(people, (37, 1))  # each person 37 times, under 37 names: a matrix product rounds them unlike
    names = [f"copy{index // 9}" for index in range(len(gallery))]
    found = retrieve(people, gallery, probe_labels=["copy36"] * 9, gallery_labels=names)
    assert found.nearest.tolist() == list(range(9))
    first = retrieve(people, gallery, probe_labels=[f"copy{i}" for i in range(9)], gallery_labels=names)
    assert first.rank.tolist() == list(range(1, 10))


def test_rows_that_float32_can_tell_apart_are_told_apart():
    rng = np.random.default_rng(5)
    a = rng.normal(size=512).astype(np.float32)
    b, probe = a.copy(), rng.normal(size=512).astype(np.float32)
    largest = np.argmax(np.abs(probe))
    b[largest] = np.nextafter(a[largest], np.float32(np.inf) * np.sign(probe[largest]))
    found = retrieve([probe], [a, b], probe_labels=["b"], gallery_labels=["a", "b"], similarity="dot")
    assert found.rank.tolist() == [1]


def test_a_long_gallery_row_wins_by_dot_product_and_not_by_cosine():
    probe, gallery = [[1, 0.1]], [[1, 0], [50, 50]]
    labels = {"probe_labels": ["right"], "gallery_labels": ["right", "long"]}
    assert retrieve(probe, gallery, **labels).rank.tolist() == [1]
    assert retrieve(probe, gallery, **labels, similarity="dot").rank.tolist() == [2]


def test_a_label_is_matched_by_its_name_and_not_by_its_place():
    rng = np.random.default_rng(6)
    rows, order = rng.normal(size=(40, 8)), rng.permutation(40)
    names = [f"person{index}" for index in range(40)]
    found = retrieve(rows, rows[order], probe_labels=names, gallery_labels=[names[i] for i in order])
    assert found.hits().all()
    assert np.array_equal(order[found.nearest], np.arange(40))


def test_a_probe_without_its_label_in_the_gallery_is_a_miss():
    found = retrieve([[1, 0]], [[1, 0]], probe_labels=["a"], gallery_labels=["b"])
    assert (found.rank[0], found.nearest[0], found.hits(5)[0]) == (0, 0, False)


def test_a_gallery_that_is_all_left_out_holds_nothing():
    found = retrieve([[1, 0]], [[1, 0]], probe_labels=["a"], gallery_labels=["a"], exclude=[0])
    assert (found.rank[0], found.nearest[0]) == (0, -1)


def test_copying_the_target_is_never_retrieved_while_targets_are_in_the_gallery():
    rng = np.random.default_rng(7)
    frames = rng.normal(size=(200, 16))
    videos = [f"{index // 10:03d}" for index in range(200)]
    wanted = videos[10:] + videos[:10]  # the video after the target's
    assert not retrieve(frames, frames, probe_labels=wanted, gallery_labels=videos).hits().any()
    assert retrieve(frames, frames, probe_labels=videos, gallery_labels=videos).hits().all()


def test_the_mean_cosine_rests_on_every_frame_and_not_on_one_a_video():
    rng = np.random.default_rng(8)
    sources = rng.normal(size=(200, 16))  # 20 videos of 10 frames
    results = -sources
    results[:20] = sources[:20]  # the rows that a video's number reads when it is used as a row
    values = cosine(results, sources)
    assert values[:20] == pytest.approx(1)
    assert values.mean() == pytest.approx(0.1 - 0.9)


def test_each_cosine_depends_on_its_own_row_alone():
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=(50, 8)), rng.normal(size=(50, 8))
    values = cosine(a, b)
    assert [cosine(a[i : i + 1], b[i : i + 1])[0] for i in range(50)] == values.tolist()


def test_cosine_stays_within_its_range():
    rows = np.random.default_rng(10).normal(size=(1000, 37))
    assert cosine(rows, rows).max() <= 1
    assert cosine(rows, -rows).min() >= -1


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_a_failed_embedding_is_refused(similarity):
    good, failed = np.ones((3, 4)), np.ones((3, 4))
    failed[1] = 0
    labels = {"probe_labels": "abc", "gallery_labels": "abc", "similarity": similarity}
    with pytest.raises(ValueError, match="1 of 3 rows of probes are all zeros, the first is row 1"):
        retrieve(failed, good, **labels)
    with pytest.raises(ValueError, match="rows of gallery are all zeros"):
        retrieve(good, failed, **labels)
    with pytest.raises(ValueError, match="rows of b are all zeros"):
        cosine(good, failed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probe_labels": ["a"]}, "2 probes have 1 labels"),
        ({"gallery_labels": ["a"]}, "3 gallery rows have 1"),
        ({"exclude": [0]}, "wanted \\(2,\\) whole numbers"),
        ({"exclude": [0.0, 1.0]}, "wanted \\(2,\\) whole numbers"),
        ({"exclude": [0, 3]}, "wanted -1..2"),
        ({"exclude": [-2, 0]}, "wanted -1..2"),
        ({"similarity": "l2"}, "wanted 'cosine' or 'dot'"),
        ({"gallery": np.zeros((0, 2)), "gallery_labels": []}, "M >= 1"),
        ({"gallery": np.ones((3, 5))}, "wanted \\(N, D\\)"),
        ({"probes": np.full((2, 2), 1e200), "gallery": np.full((3, 2), 1e200), "similarity": "dot"}, "overflow"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(change, message):
    table = {
        "probes": np.ones((2, 2)),
        "gallery": np.ones((3, 2)),
        "probe_labels": ["a", "b"],
        "gallery_labels": ["a", "b", "c"],
    }
    with pytest.raises(ValueError, match=message):
        retrieve(**{**table, **change})


def test_no_probes_give_no_ranks():
    found = retrieve(np.zeros((0, 2)), [[1, 0]], probe_labels=[], gallery_labels=["a"], exclude=[])
    assert found.rank.shape == found.nearest.shape == (0,)
