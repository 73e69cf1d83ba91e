"""Everything that the analysis of a study finds, in one object that tables, figures and files read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsbench.userstudy.analysis.agreement import Agreement, agreement
from fsbench.userstudy.analysis.bias import Corrected, bias_corrected
from fsbench.userstudy.analysis.contrasts import Contrast, Omnibus, contrasts, omnibus
from fsbench.userstudy.analysis.correlation import Correlation, correlate, metric_values
from fsbench.userstudy.analysis.means import DRAWS, MethodScore, method_scores
from fsbench.userstudy.analysis.quality import Rate, gold_rates, raters, repeat_rates
from fsbench.userstudy.analysis.screening import Screened, screen
from fsbench.userstudy.analysis.variances import Variances, variances
from fsbench.userstudy.analysis.votes import Scores, Study, scores_of
from fsbench.userstudy.spec import QUESTIONS, StudySpec

if TYPE_CHECKING:
    import pandas as pd


INTERIM = "The study is open: these are interim numbers, and whoever stops it because of them biases the last ones."


@dataclass(frozen=True)
class Selection:
    """What the votes of some raters say: of all, or of those whom screening left."""

    name: str
    raters: int
    sets: int
    votes: int
    questions: tuple[str, ...]
    scores: tuple[MethodScore, ...]
    contrasts: tuple[Contrast, ...]
    omnibus: tuple[Omnibus, ...]
    agreement: tuple[Agreement, ...]
    corrected: tuple[Corrected, ...]
    variances: tuple[Variances | None, ...]  # in the order of questions

    def score(self, method: str, question: str) -> MethodScore:
        """Find what a method scored in a question."""
        return next(found for found in self.scores if (found.method, found.question) == (method, question))


@dataclass(frozen=True)
class Findings:
    """The whole analysis of one study."""

    spec: StudySpec
    everyone: Selection
    screened: Selection | None  # None where every rater broke a rule
    raters: tuple[Screened, ...]
    gold: tuple[Rate, ...]
    repeats: tuple[Rate, ...]
    correlations: tuple[Correlation, ...]
    remarks: tuple[str, ...]
    is_interim: bool = False  # the study is still open

    @property
    def excluded(self) -> tuple[Screened, ...]:
        """The raters who broke a rule."""
        return tuple(found for found in self.raters if found.is_excluded)

    @property
    def best(self) -> Selection:
        """The selection that conclusions rest on: the screened raters, as the rules were fixed before."""
        return self.screened or self.everyone


def analyse(study: Study, *, draws: int = DRAWS) -> Findings:
    """Compute everything. Equal votes give equal findings; random draws start from the study's seed.

    Args:
        study: its description and votes.
        draws: of the bootstrap of shares and medians.
    """
    spec = study.spec
    judged = screen(raters(study.votes), spec.screening)
    kept = [found.rater.ordinal for found in judged if not found.is_excluded]
    everyone = _selection("all raters", study.main, spec, draws)
    if len(kept) == len(judged):
        screened: Selection | None = everyone
    else:
        left = study.main[study.main["rater"].isin(kept)]
        screened = _selection("screened raters", left, spec, draws) if len(left) else None
    metrics, remarks = metric_values(spec.methods)
    remarks = (*([INTERIM] if study.is_interim else []), *study.remarks, *remarks)
    basis = study.main if screened is None else study.main[study.main["rater"].isin(kept)]
    asked = [_scores(basis, spec, question) for question in everyone.questions]
    found = [correlate(scores, metric, seed=spec.seed) for metric in metrics for scores in asked]
    return Findings(
        spec=spec,
        everyone=everyone,
        screened=screened,
        raters=judged,
        gold=gold_rates(study.votes, seed=spec.seed),
        repeats=repeat_rates(study.votes, seed=spec.seed),
        correlations=tuple(correlation for correlation in found if correlation is not None),
        remarks=remarks,
        is_interim=study.is_interim,
    )


def _selection(name: str, votes: pd.DataFrame, spec: StudySpec, draws: int) -> Selection:
    asked = set(votes["question"])
    questions = tuple(question for question in QUESTIONS if question in asked)
    tables = [_scores(votes, spec, question) for question in questions]
    return Selection(
        name=name,
        raters=int(votes["rater"].nunique()),
        sets=int(votes["set"].nunique()),
        votes=len(votes),
        questions=questions,
        scores=tuple(found for scores in tables for found in method_scores(scores, seed=spec.seed, draws=draws)),
        contrasts=tuple(found for scores in tables for found in contrasts(scores)),
        omnibus=tuple(omnibus(scores) for scores in tables),
        agreement=tuple(agreement(scores, seed=spec.seed) for scores in tables),
        corrected=tuple(bias_corrected(scores) for scores in tables),
        variances=tuple(variances(scores) for scores in tables),
    )


def _scores(votes: pd.DataFrame, spec: StudySpec, question: str) -> Scores:
    return scores_of(votes, spec.method_names, question)
