"""The exception tree, and what the command line does with each branch.

    FsbenchError        the user can mend it: one line and a hint on stderr, exit 2, no traceback
      ConfigError       a wrong name, key or number
      DataError         a data folder is not what it should be
      DependencyError   a package or a weight file is not there
      WeightError       a weight file is there and is not what it should be
      RecordError       a file of a finished run cannot be read
      TrainingStopped   a loss is not finite any more: exit 1; the batch and the checkpoints are kept
      NotComparable     two runs of which no number can be set against another: exit 3
    ItemError           one item failed: a line in failures.csv, and the run goes on
    RunAborted          a failed item under the policy `raise`: exit 1, finished work stays in the cache

Everything else is a programmer's mistake and keeps its traceback.
"""


class FsbenchError(Exception):
    """A mistake the user can mend: what was found, what was wanted, and what to do (`hint`)."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(FsbenchError):
    """A wrong name, key, path or number on the command line or in a settings file."""


class DataError(FsbenchError):
    """A data folder whose layout or content is not what the protocol needs."""


class DependencyError(FsbenchError):
    """A package or weight file that is needed now and is not there."""


class WeightError(FsbenchError):
    """A weight file that is refused: damaged, changed, unsafe, or another one than its name says."""


class RecordError(FsbenchError):
    """A file of a finished run that is broken, foreign or newer than this version."""


class NotComparable(FsbenchError):
    """Two sides of a comparison that have nothing in common."""

    exit_code = 3


class ItemError(Exception):
    """One item could not be processed; the others go on. Crosses process borders, so it holds text alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RunAborted(FsbenchError):
    """An item failed and the failure policy is `raise`."""

    exit_code = 1


class TrainingStopped(FsbenchError):
    """A loss or a gradient is not finite any more."""

    exit_code = 1
