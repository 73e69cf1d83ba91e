import numpy as np
import pytest
from scipy import stats

from fsbench.userstudy.analysis.contrasts import contrasts, omnibus
from fsbench.userstudy.analysis.votes import Scores


def scores(by_rater, *, sets=4):
    """Each rater gives each method one score in every set."""
    by_rater = np.array(by_rater, float)
    raters = np.repeat(np.arange(len(by_rater)), sets)
    names = np.tile([f"set {place}" for place in range(sets)], len(by_rater))
    methods = tuple(f"method {place}" for place in range(by_rater.shape[1]))
    return Scores("identity", methods, raters, names, by_rater[raters])


def test_six_raters_of_one_mind_give_the_smallest_p_that_six_can():
    """All signs equal: 2 of the 2^6 sign patterns are as extreme, p = 1 / 32."""
    (found,) = contrasts(scores([[3, 2.5], [4, 3], [5, 3.5], [4, 2], [5, 2.5], [5, 2]]))
    assert found.p == pytest.approx(2 / 64)
    assert (found.method, found.reference, found.raters, found.n) == ("method 0", "method 1", 6, 24)
    assert found.value == pytest.approx((0.5 + 1 + 1.5 + 2 + 2.5 + 3) / 6)
    assert found.verdict == "higher"


def test_holms_correction_is_over_the_pairs_of_the_question():
    """p of .01, .03, .04 become 3 * .01, 2 * .03 and, as no later one may be smaller, .06 again."""
    from fsbench.userstudy.analysis.contrasts import _holm

    assert _holm([0.04, 0.01, None, 0.03]) == [pytest.approx(0.06), pytest.approx(0.03), None, pytest.approx(0.06)]


def test_tests_are_those_of_scipy_on_the_raters_means(simulate, model):
    from fsbench.userstudy.analysis.votes import checked, scores_of

    votes, _ = simulate(model(), gold=False, seed=4)
    methods = ("DeepFakes", "FaceShifter", "Ours")
    table = votes[votes["question"] == "realism"].pivot_table(
        index="rater", columns="method", values="score", aggfunc="sum"
    )
    found = scores_of(checked(votes, where="x"), methods, "realism")
    for contrast in contrasts(found):
        sums = table[contrast.method] - table[contrast.reference]  # whole numbers, so that ties are ties
        assert contrast.p == pytest.approx(stats.wilcoxon(sums, zero_method="pratt").pvalue, rel=1e-9)
    assert omnibus(found).p == pytest.approx(stats.friedmanchisquare(*(table[name] for name in methods)).pvalue)


def test_equal_methods_differ_nowhere():
    (found,) = contrasts(scores([[3, 3], [2, 2], [4, 4]]))
    assert (found.value, found.p, found.verdict) == (0, 1, "no clear difference")


def test_one_rater_is_too_few_to_tell():
    (found,) = contrasts(scores([[3, 2]]))
    assert (found.value, found.p, found.p_holm, found.interval, found.detectable) == (1, None, None, None, None)
    assert found.verdict == "too few to tell"


def test_a_difference_that_hangs_on_one_set_is_not_clear_although_raters_agree():
    """Twelve raters agree, p < .05, but only one of three sets differs: other sets could have given nothing."""
    values = np.tile([[5.0, 1.0], [3.0, 3.0], [3.0, 3.0]], (12, 1))
    table = Scores("realism", ("one", "two"), np.repeat(np.arange(12), 3), np.tile(["x", "y", "z"], 12), values)
    (found,) = contrasts(table)
    assert found.p_holm < 0.01
    assert found.interval.low < 0 < found.interval.high
    assert found.verdict == "no clear difference"


@pytest.mark.parametrize("values", [[[3, 2], [3, 1]], [[3, 3, 3], [2, 2, 2]]], ids=["two methods", "no difference"])
def test_friedmans_test_is_absent_where_it_has_no_value(values):
    assert omnibus(scores(values)).p is None
