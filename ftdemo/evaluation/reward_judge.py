"""The judge who scores answers by a reward model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from peft import PeftModel

from ftdemo.evaluation.contestant import Contestant
from ftdemo.feedback.preferences import ChatMessage
from ftdemo.language.tuned import sharing_copy
from ftdemo.rewards.head import read_reward_head, score
from ftdemo.rewards.votes import AnswerTokeniser


class RewardJudge:
    """Scores answers on the base model with a reward model's adapter and head.

    Args:
        base: the untouched base model; the judge shares its tensors and leaves it as it is.
        folder: the reward model's.
        tokenise: turns prompts with answers into token ids.

    Raises:
        SourceError: a file of the reward model is missing or damaged.
        UserError: it stands on another base model.
    """

    def __init__(self, base: Contestant, folder: Path, tokenise: AnswerTokeniser) -> None:
        self._base = base
        self._tokenise = tokenise
        head = read_reward_head(folder, int(base.model.config.hidden_size))
        self._head = head.to(base.device)
        self._model = PeftModel.from_pretrained(sharing_copy(base.model), str(folder)).eval()

    def __call__(self, prompt: Sequence[ChatMessage], answer: str) -> float:
        """The score of one answer, in standard deviations from the mean of those learned from."""
        return self.scores([self._tokenise(prompt, answer).ids])[0]

    def scores(self, sequences: Sequence[Sequence[int]]) -> list[float]:
        """The scores of many answers.

        Args:
            sequences: token ids of prompt and answer, with the answer's end token. Equal ones get one score,
                whichever batch they would have been in.
        """
        different = list(dict.fromkeys(tuple(sequence) for sequence in sequences))
        with torch.inference_mode(), self._base.autocast():
            found = score(self._model, self._head, different).tolist()
        by_sequence = dict(zip(different, found, strict=True))
        return [by_sequence[tuple(sequence)] for sequence in sequences]
