"""All feedback that is wanted, gathered by prompt and text, before the majority has its way."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from ftdemo.feedback.preferences import PairSource, prompt_key
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.feedback import AnswerSnapshot, Choice, Correction, FeedbackFilter, Vote

IMPORTED = "imported"
"""The voter of preferences that come from another tool's file."""

Prompt = tuple[ChatMessage, ...]


class Pool:
    """The feedback that is wanted, by prompt and text: two messages that say the same are one answer.

    Args:
        store: where the feedback is.
        wanted: which.
    """

    def __init__(self, store: Store, wanted: FeedbackFilter) -> None:
        self.prompts: dict[str, Prompt] = {}
        self.thumbs: dict[tuple[str, str], dict[str, tuple[str, bool]]] = defaultdict(dict)
        self.ties = self.both_bad = self.unusable = 0
        self._answers: dict[int, tuple[str, str]] = {}
        for answer in store.feedback.answers(FeedbackFilter(models=wanted.models)):
            self._place(answer)
        for vote in store.feedback.standing(Vote):
            if self._is_wanted(vote, wanted, vote.answer_id):
                self._thumb(vote.answer_id, vote, vote.vote == "up")
        self.corrections = [
            correction
            for correction in store.feedback.standing(Correction)
            if self._is_wanted(correction, wanted, correction.answer_id)
        ]
        self.choices = [
            choice
            for choice in store.feedback.standing(Choice)
            if self._is_wanted(choice, wanted, choice.left_id, choice.right_id)
        ]
        for choice in self.choices:
            self.ties += choice.choice == "tie"
            if choice.choice == "bad":
                self.both_bad += 1
                self._thumb(choice.left_id, choice, False)
                self._thumb(choice.right_id, choice, False)

    def answer(self, answer_id: int) -> tuple[str, str]:
        """An answer's prompt, as its key, and text."""
        return self._answers[answer_id]

    def split_thumbs(self) -> int:
        """How many answers some like and some dislike."""
        return sum(len({liked for _, liked in said.values()}) == 2 for said in self.thumbs.values())

    def _place(self, answer: AnswerSnapshot) -> None:
        key = prompt_key(answer.prompt)
        self.prompts.setdefault(key, answer.prompt)
        self._answers[answer.id] = key, answer.answer

    def _is_wanted(self, event: Vote | Correction | Choice, wanted: FeedbackFilter, *answers: int) -> bool:
        return (
            all(answer in self._answers for answer in answers)
            and (not wanted.voters or event.voter in wanted.voters)
            and event.created_at >= wanted.since
        )

    def _thumb(self, answer_id: int, event: Vote | Choice, liked: bool) -> None:
        """Note a voter's thumb; of several on the same text the latest counts."""
        said = self.thumbs[self._answers[answer_id]]
        if event.voter not in said or said[event.voter][0] <= event.created_at:
            said[event.voter] = event.created_at, liked


@dataclass
class Evidence:
    """Who prefers which of two answers to a prompt.

    Args:
        preferred: by prompt and the two texts in order, what each voter prefers, and by what it is known.
    """

    preferred: dict[tuple[str, str, str], dict[str, tuple[str, str, PairSource]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, prompt: str, better: str, worse: str, event: Choice | Correction) -> None:
        """Note a preference; of several of one voter about the same texts the latest counts."""
        first, second = sorted((better, worse))
        said = self.preferred[prompt, first, second]
        source: PairSource = "choice" if isinstance(event, Choice) else "correction"
        if event.voter == IMPORTED:
            source = "imported"
        if event.voter not in said or said[event.voter][0] <= event.created_at:
            said[event.voter] = event.created_at, better, source

    def split(self) -> int:
        """How many pairs some prefer one way and some the other."""
        return sum(len({better for _, better, _ in said.values()}) == 2 for said in self.preferred.values())

    def even(self) -> int:
        """How many pairs as many prefer one way as the other."""
        return sum(self.winner(said.values()) is None for said in self.preferred.values())

    @staticmethod
    def winner(said: Collection[tuple[str, str, PairSource]]) -> tuple[str, PairSource] | None:
        """What most prefer, with the first of the sources it is known by; None if they are even."""
        votes = Counter(better for _, better, _ in said).most_common()
        if len(votes) == 2 and votes[0][1] == votes[1][1]:
            return None
        best = votes[0][0]
        return best, min((time, source) for time, better, source in said if better == best)[1]
