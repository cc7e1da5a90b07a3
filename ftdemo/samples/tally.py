"""Counting problems without keeping all of them."""

from collections import Counter

from ftdemo.files.rows import Problem

KEPT_PER_KIND = 100


class Tally:
    """Problems, counted by kind; only the first hundred of each kind are kept word for word."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._counts: dict[str, Counter[str]] = {"error": Counter(), "warning": Counter()}

    def add(self, problem: Problem, times: int = 1) -> None:
        """Count a problem, and keep it if there are not many of its kind yet.

        Args:
            problem: the problem.
            times: how many rows of the file have it.
        """
        counts = self._counts[problem.severity]
        if counts[problem.kind] < KEPT_PER_KIND:
            self._kept.append(problem)
        counts[problem.kind] += times

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems kept, by row; within a row those that keep it out first."""
        return tuple(sorted(self._kept, key=lambda problem: (problem.row, problem.severity)))

    @property
    def errors(self) -> dict[str, int]:
        """Rows left out, by kind of problem."""
        return dict(self._counts["error"])

    @property
    def warnings(self) -> dict[str, int]:
        """Warnings by kind."""
        return dict(self._counts["warning"])
