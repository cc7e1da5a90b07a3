"""Conversations: what was asked, and what each side answered."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ftdemo.errors import NotFoundError
from ftdemo.store.rows import Family, from_row, now, sought

Role = Literal["user", "assistant"]
FinishReason = Literal["stop", "length", "cancelled"]
Place = Literal["line", "beside", "gone"]
ChatMessage = dict[str, str]
"""What a chat template takes: {'role': 'system' | 'user' | 'assistant', 'content': …}."""


@dataclass(frozen=True)
class Message:
    """A question (role 'user'), or one side's answer (role 'assistant').

    Args:
        turn: 1 for the first question and its answers, 2 for the next, …
        model: which model answered; None for a question.
        generation: the generation settings of an answer.
        tokens: new tokens of the answer.
        tokens_per_second: new tokens of this answer over the time it took.
        time_to_first_token_s: seconds from the request to the first token.
        finish_reason: 'stop' (the model ended it), 'length' (the limit was reached) or 'cancelled'.
        model_version: which model it was under that name: a base model's name, or a tuned model's folder.
        prompt: all chat messages that an answer was given to, the question last.
        place: 'line', if what is said next goes on from it; 'beside', if it is shown but the conversation
            goes on from another answer; 'gone', if it was taken back or replaced, and only votes remain.
        id: its number once it is saved.
        conversation_id: the conversation it is saved in.
    """

    turn: int
    role: Role
    text: str
    model: str | None = None
    generation: dict[str, Any] | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    time_to_first_token_s: float | None = None
    finish_reason: FinishReason | None = None
    model_version: str | None = None
    prompt: tuple[dict[str, str], ...] | None = field(default=None, compare=False)
    place: Place = "line"
    id: int | None = field(default=None, compare=False)
    conversation_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Conversation:
    """A conversation with one or more sides."""

    id: int
    title: str
    created_at: str
    messages: tuple[Message, ...]

    @property
    def turns(self) -> int:
        """How many questions were asked."""
        return max((message.turn for message in self.messages), default=0)

    def history(self, model: str | None = None, before: int | None = None) -> list[dict[str, str]]:
        """What one side has seen: the questions it answered and its own answers, as chat messages.

        A question that this side did not answer (it joined later) is left out, and so is what has no place in
        the line.

        Args:
            model: the side; None for the line of a chat, whoever answered.
            before: a turn, to get what the side had seen when that turn began; None for all turns.
        """
        questions = {message.turn: message.text for message in self.messages if message.role == "user"}
        history = []
        for message in self.messages:
            if before is not None and message.turn >= before:
                break
            by_side = message.role == "assistant" and model in (None, message.model)
            if by_side and message.text and message.place == "line":
                history.append({"role": "user", "content": questions[message.turn]})
                history.append({"role": "assistant", "content": message.text})
        return history


class Conversations(Family):
    """The tables `conversations` and `messages`."""

    def start(self, title: str) -> Conversation:
        """Save a new, empty conversation."""
        record = {"title": title[:200], "created_at": now()}
        return self.get(cast(int, self._table("conversations").insert(record).last_pk))

    def add(self, conversation_id: int, messages: list[Message]) -> list[int]:
        """Save questions and answers, all or none, and return their numbers."""
        with self._store.transaction():
            return [
                cast(int, self._table("messages").insert(_record(message, conversation_id)).last_pk)
                for message in messages
            ]

    def move(self, message_ids: Iterable[int], place: Place) -> None:
        """Give messages another place in their conversation."""
        with self._store.transaction() as database:
            for message_id in message_ids:
                database.table("messages").update(message_id, {"place": place})

    def get(self, conversation_id: int) -> Conversation:
        """One conversation with its messages in order.

        Raises:
            NotFoundError: there is no such conversation.
        """
        for row in self._table("conversations").rows_where("id = ?", [sought(conversation_id)]):
            rows = self._table("messages").rows_where(
                "conversation_id = ?", [conversation_id], order_by="turn, id"
            )
            return from_row(Conversation, row, messages=tuple(_message(row) for row in rows))
        raise NotFoundError(f"There is no conversation {conversation_id}.", "Start a new one.")

    def message(self, message_id: int) -> Message:
        """One question or answer.

        Raises:
            NotFoundError: there is no message of that number.
        """
        for row in self._table("messages").rows_where("id = ?", [sought(message_id)]):
            return _message(row)
        raise NotFoundError(f"There is no message {message_id}.", "Use the `message_id` of an answer.")


def _record(message: Message, conversation_id: int) -> dict[str, Any]:
    return {
        **{name: value for name, value in vars(message).items() if name != "id"},
        "generation": json.dumps(message.generation) if message.generation else None,
        "prompt": json.dumps(message.prompt, ensure_ascii=False) if message.prompt else None,
        "conversation_id": conversation_id,
        "created_at": now(),
    }


def _message(row: dict[str, Any]) -> Message:
    prompt = json.loads(row["prompt"]) if row["prompt"] else None
    return from_row(
        Message,
        row,
        generation=json.loads(row["generation"] or "null"),
        prompt=tuple(prompt) if prompt else None,
    )
