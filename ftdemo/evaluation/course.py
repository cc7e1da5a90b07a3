"""How far an evaluation is, and whether it should stop."""

from ftdemo.jobs.reporter import Reporter, Stopwatch


class EvaluationStoppedError(Exception):
    """The job was asked to stop before the figures were there."""


class Course:
    """Counts answered prompts.

    Args:
        reporter: hears of them.
        total: prompts to be answered, by both models together.
        counted: whether they are the job's steps; False if the job did other work that its steps count.
    """

    def __init__(self, reporter: Reporter, total: int, counted: bool) -> None:
        self._reporter = reporter
        self._total = total
        self._counted = counted
        self._done = 0
        self._watch = Stopwatch(total)

    def enter(self, phase: str) -> None:
        """Begin another part of the work; raises EvaluationStoppedError."""
        self._reporter.phase(phase)
        self.look()

    def answered(self, count: int) -> None:
        """So many more prompts have their answers; raises EvaluationStoppedError."""
        self._done += count
        if self._counted:
            left = self._watch.seconds_left(self._done)
            self._reporter.progress(self._done, self._total, 0.0, left)
        self.look()

    def look(self) -> None:
        """Raise EvaluationStoppedError if the job was asked to stop."""
        if self._reporter.stop_request is not None:
            raise EvaluationStoppedError
