"""Scores of answers by a reward model, in the web process: for a gauge, and for the best of several."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftdemo.models.base import BaseModel
from ftdemo.store.feedback import ChatMessage
from ftdemo.tokens.template import with_answer

if TYPE_CHECKING:
    from ftdemo.rewards.head import RewardHead

MOST_LOADED = 2
"""Reward models kept in memory; the one used longest ago leaves. An adapter of rank 16 takes 10 to 20 MB."""
MOST_REMEMBERED = 2_000
"""Scores that are kept, so that a page that is drawn again asks for nothing."""


class RewardScorer:
    """Scores answers one call at a time. The base model is loaded with the first call, which takes seconds.

    torch is imported here when it is needed, and not before.

    Args:
        base: gives the base model.
        max_length: longest prompt with answer in tokens; of a longer one the beginning is cut off.
    """

    def __init__(self, base: BaseModel, max_length: int = 512) -> None:
        self._base = base
        self._max_length = max_length
        self._lock = threading.Lock()
        self._model: Any = None
        self._tokeniser: Any = None
        self._heads: OrderedDict[Path, tuple[str, RewardHead]] = OrderedDict()
        self._known: OrderedDict[tuple[Path, str], float] = OrderedDict()

    def remembered(self, folder: Path, key: str) -> float | None:
        """The score that was computed under a key, or None."""
        return self._known.get((folder, key))

    def remember(self, folder: Path, key: str, score: float) -> None:
        """Keep a score under a key."""
        self._known[folder, key] = score
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    def scores(self, folder: Path, prompt: Sequence[ChatMessage], answers: Sequence[str]) -> list[float]:
        """Score answers to a prompt.

        Args:
            folder: the reward model's.
            prompt: all chat messages before the answer, the question last.
            answers: one or more.

        Returns:
            For each answer its score, in standard deviations from the mean of the votes' answers.

        Raises:
            SourceError: a file of the reward model is missing or damaged.
            UserError: it stands on another base model.
        """
        from ftdemo.rewards.head import score

        with self._lock:
            name, head = self._loaded(folder)
            self._model.set_adapter(name)
            talks = [with_answer(prompt, answer) for answer in answers]
            sequences = [
                whole.last(self._max_length).ids for whole in self._tokeniser.answered(talks, closed=False)
            ]
            found: list[float] = score(self._model, head, sequences).tolist()
            return found

    def _loaded(self, folder: Path) -> tuple[str, RewardHead]:
        """The adapter's name and the head of a reward model, loaded if they are not."""
        from peft import PeftModel

        from ftdemo.language.loading import load_to_serve
        from ftdemo.machine.device import choose_device
        from ftdemo.rewards.head import read_reward_head
        from ftdemo.tokens.tokeniser import ChatTokeniser

        if folder in self._heads:
            self._heads.move_to_end(folder)
            return self._heads[folder]
        device = choose_device()
        if self._model is None:
            plain: Any = load_to_serve(self._base, device).model
            self._tokeniser = ChatTokeniser.of_folder(self._base.folder)
        else:
            plain = self._model
        head = read_reward_head(folder, int(plain.config.hidden_size)).to(device.type)
        name = folder.name.replace(".", "-")
        if self._model is None:
            self._model = PeftModel.from_pretrained(plain, str(folder), adapter_name=name).eval()
        else:
            plain.load_adapter(str(folder), adapter_name=name)
            plain.eval()
        self._heads[folder] = name, head
        if len(self._heads) > MOST_LOADED:
            _, (oldest, _) = self._heads.popitem(last=False)
            self._model.delete_adapter(oldest)
        return name, head
