"""Scores of answers by reward models, in a chat: for the gauge beside the thumbs and the best of several.

A score takes a pass through the base model, and a page asks for all of them each time it is drawn. So what
was computed is remembered.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from ftdemo.chat.dialogue import Rank
from ftdemo.models import ensure_base_model
from ftdemo.rewards.registry import RewardRegistry
from ftdemo.rewards.scorer import RewardScorer
from ftdemo.settings import Settings
from ftdemo.store import Store

MOST_REMEMBERED = 2_000
"""Scores that are kept, so that a page that is drawn again asks for nothing; the oldest leave."""


class Scores:
    """What reward models make of answers.

    Args:
        store: where conversations are.
        settings: name the base model.
        rewards: reward models by name.
    """

    def __init__(self, store: Store, settings: Settings, rewards: RewardRegistry) -> None:
        self._store = store
        self._settings = settings
        self._rewards = rewards
        self._lock = threading.Lock()
        self._scorer: RewardScorer | None = None
        self._known: OrderedDict[tuple[Path, int], float] = OrderedDict()

    def known(self, reward: str) -> Callable[[int], float | None]:
        """Looks up a reward model's scores that were computed before, by an answer's message.

        Raises:
            NotFoundError: there is no such reward model.
        """
        folder = self._rewards.folder(reward)
        return lambda message_id: self._known.get((folder, message_id))

    def compute(self, conversation_id: int, reward: str) -> None:
        """Compute the scores of a conversation's answers that are not known yet; the first takes seconds.

        Raises:
            NotFoundError: there is no such reward model or conversation.
            UserError: the reward model stands on another base model.
        """
        folder = self._rewards.folder(reward)
        for message in self._store.conversations.get(conversation_id).messages:
            shown = message.role == "assistant" and message.place != "gone" and message.text
            if not shown or message.id is None or not message.prompt or (folder, message.id) in self._known:
                continue
            (found,) = self._loaded().scores(folder, message.prompt, [message.text])
            self._remember((folder, message.id), found)

    def rank(self, reward: str) -> Rank:
        """How a reward model scores answers, for who chooses among those that are of no conversation yet.

        Raises:
            NotFoundError: there is no such reward model.
        """
        folder = self._rewards.folder(reward)
        return lambda prompt, answers: self._loaded().scores(folder, prompt, answers)

    def _remember(self, key: tuple[Path, int], score: float) -> None:
        with self._lock:
            self._known[key] = score
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)

    def _loaded(self) -> RewardScorer:
        """The scorer: one for all, however many ask first at the same time, since it holds the base model."""
        with self._lock:
            if self._scorer is None:
                self._scorer = RewardScorer(ensure_base_model(self._settings))
            return self._scorer
