"""Samples of one conversation, which are split and compared as one."""

from array import array
from collections.abc import Iterable, Sequence

from ftdemo.samples.similarity import Pair, QuestionIndex
from ftdemo.samples.splitting import hold_out_questions
from ftdemo.store.samples import Sample


def goes_on(sample: Sample, before: Sample) -> bool:
    """Whether a sample is a later reply of the conversation that another one is of."""
    said = (*before.history, ("user", before.question), ("assistant", before.answer))
    return len(sample.history) >= len(said) and sample.history[: len(said)] == said


class Conversations:
    """The conversations of a set by number, from 0; a single question with its answer is one too.

    Replies of one conversation follow one another in a set.
    """

    def __init__(self) -> None:
        self._index = QuestionIndex()
        self._firsts = array("Q")
        self._count = 0
        self._last: Sample | None = None

    def __len__(self) -> int:
        return len(self._firsts)

    def add(self, sample: Sample) -> int:
        """Add the next sample of the set, and return its conversation's number."""
        if self._last is None or not sample.history or not goes_on(sample, self._last):
            self._close()
            self._firsts.append(self._count)
        self._last = sample
        self._count += 1
        return len(self._firsts) - 1

    def near_duplicates(self) -> list[Pair]:
        """Pairs (later, earlier) of conversations in which nearly the same is asked."""
        self._close()
        return self._index.near_duplicates()

    def hold_out(self, pairs: Sequence[Pair], share: float, seed: int) -> list[int]:
        """Choose the samples to hold out, by whole conversations; see `splitting.hold_out_questions`.

        Args:
            pairs: those of `near_duplicates`.
            share: part of the conversations to hold out, from 0 to 0.9.
            seed: start of the random numbers.

        Returns:
            The samples' numbers, ascending.
        """
        self._close()
        return list(self._samples(hold_out_questions(self._index, pairs, share, seed)))

    def _samples(self, conversations: Iterable[int]) -> Iterable[int]:
        for number in conversations:
            end = self._firsts[number + 1] if number + 1 < len(self._firsts) else self._count
            yield from range(self._firsts[number], end)

    def _close(self) -> None:
        last = self._last
        if last is None:
            return
        asked = [text for role, text in last.history if role == "user"]
        replied = [text for role, text in last.history if role == "assistant"]
        self._index.add("\n".join([*asked, last.question]), "\n".join([*replied, last.answer]))
        self._last = None
