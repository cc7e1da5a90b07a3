"""Scores of answers by a reward model: an adapter and a head on the base model.

torch is imported in here when something is scored, and not before: the web process starts without it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftdemo.models.base import BaseModel
from ftdemo.store.conversations import ChatMessage
from ftdemo.tokens.template import with_answer

if TYPE_CHECKING:
    from ftdemo.tokens.tokeniser import ChatTokeniser

MOST_LOADED = 2
"""Reward models kept in memory; the one used longest ago leaves. An adapter of rank 16 takes 10 to 20 MB."""


class RewardJudge:
    """Scores answers by one reward model.

    Args:
        base: the untouched base model, as transformers has it; the judge shares its tensors and leaves it as
            it is, so that several judges can stand on it.
        folder: the reward model's.
        bfloat16: whether products are taken in bfloat16.

    Raises:
        SourceError: a file of the reward model is missing or damaged.
        UserError: it stands on another base model.
    """

    def __init__(self, base: Any, folder: Path, *, bfloat16: bool = False) -> None:
        from peft import PeftModel

        from ftdemo.language.tuned import sharing_copy
        from ftdemo.rewards.head import read_reward_head

        self._bfloat16 = bfloat16
        self._device: str = base.device.type
        self._head = read_reward_head(folder, int(base.config.hidden_size)).to(self._device)
        self._model = PeftModel.from_pretrained(sharing_copy(base), str(folder)).eval()

    def scores(self, sequences: Sequence[Sequence[int]]) -> list[float]:
        """The scores of answers, in standard deviations from the mean of those learned from.

        Args:
            sequences: token ids of prompt and answer, with the answer's end token. Equal ones get one score,
                whichever batch they would have been in.
        """
        import torch

        from ftdemo.rewards.head import score

        different = list(dict.fromkeys(tuple(sequence) for sequence in sequences))
        with (
            torch.inference_mode(),
            torch.autocast(self._device, torch.bfloat16, enabled=self._bfloat16),
        ):
            found = score(self._model, self._head, different).tolist()
        by_sequence = dict(zip(different, found, strict=True))
        return [by_sequence[tuple(sequence)] for sequence in sequences]


class RewardScorer:
    """Scores answers by any reward model, for callers in many threads: one is served at a time.

    The base model is loaded with the first call, which takes seconds, and stays; of the reward models those
    used last.

    Args:
        base: the base model.
        max_length: longest prompt with answer in tokens; of a longer one the beginning is cut off.
    """

    def __init__(self, base: BaseModel, max_length: int = 512) -> None:
        self._base = base
        self._max_length = max_length
        self._lock = threading.Lock()
        self._model: Any = None
        self._tokeniser: ChatTokeniser | None = None
        self._judges: OrderedDict[Path, RewardJudge] = OrderedDict()

    def scores(self, folder: Path, prompt: Sequence[ChatMessage], answers: Sequence[str]) -> list[float]:
        """Score answers to a prompt; see `RewardJudge.scores`.

        Args:
            folder: the reward model's.
            prompt: all chat messages before the answer, the question last.
            answers: one or more.

        Raises:
            SourceError: a file of the reward model is missing or damaged.
            UserError: it stands on another base model.
        """
        with self._lock:
            judge = self._judge(folder)
            assert self._tokeniser is not None
            talks = [with_answer(prompt, answer) for answer in answers]
            whole = self._tokeniser.answered(talks, closed=False)
            return judge.scores([one.last(self._max_length).ids for one in whole])

    def _judge(self, folder: Path) -> RewardJudge:
        if self._model is None:
            self._load()
        if folder not in self._judges:
            self._judges[folder] = RewardJudge(self._model, folder)
            if len(self._judges) > MOST_LOADED:
                self._judges.popitem(last=False)
        self._judges.move_to_end(folder)
        return self._judges[folder]

    def _load(self) -> None:
        """Load the base model, as the device computes fastest, and its tokeniser."""
        from ftdemo.language.loading import load_to_serve
        from ftdemo.machine.device import choose_device
        from ftdemo.tokens.tokeniser import ChatTokeniser

        self._tokeniser = ChatTokeniser.of_folder(self._base.folder)
        self._model = load_to_serve(self._base, choose_device()).model
