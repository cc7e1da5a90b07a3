"""Answers out of a record's fields, and what a better and a worse one say together."""

from typing import Any

from ftdemo.feedback.forms.fields import Fields
from ftdemo.feedback.forms.judgements import Prompt, Tie
from ftdemo.feedback.forms.messages import as_messages, read_messages, read_text
from ftdemo.feedback.forms.prompts import checked_prompt, read_prompt, transcript
from ftdemo.feedback.preferences import PreferencePair
from ftdemo.samples.messages import RecordError
from ftdemo.store.conversations import ChatMessage

ANSWERS = (
    "completion", "response", "answer", "output", "reply", "generation", "model_output", "model_response",
    "assistant", "答案", "回答", "输出", "回复", "answer_text", "generated_text", "respuesta", "réponse",
    "antwort", "ответ",
)  # fmt: skip


def read_answer(value: Any, column: str) -> tuple[list[ChatMessage], str]:
    """An answer and the messages before it, if it is written as a list of messages.

    Raises:
        RecordError: there is no answer in it.
    """
    messages = as_messages(value)
    if messages is None:
        return [], read_text(value, column)
    if len(messages) == 1:
        return [], _filled(read_messages(messages, column)[0]["content"], column)
    return split_answer(read_messages(messages, column), column)


def split_answer(said: list[ChatMessage], column: str) -> tuple[list[ChatMessage], str]:
    """The messages before the last answer, and the answer; answers that follow one another are one.

    Raises:
        RecordError: they do not end with an answer.
    """
    at = len(said)
    while at and said[at - 1]["role"] == "assistant":
        at -= 1
    if at == len(said):
        raise RecordError(
            column,
            "no answer",
            f"has messages in the column {column!r} that do not end with an answer.",
            "Let the answer that was judged be the last message.",
        )
    return said[:at], _filled("\n\n".join(each["content"] for each in said[at:]), column)


def read_pair(fields: Fields, better: str, worse: str) -> PreferencePair:
    """A pair of a better and a worse answer.

    Args:
        fields: the record.
        better: the column of the better answer.
        worse: the column of the worse one.

    Raises:
        RecordError: it lacks something, or the two are not answers to the same question.
    """
    prompt, first, second = read_both(fields, (better, fields.use(better)), (worse, fields.use(worse)))
    return PreferencePair(prompt, first, second, "imported")


def read_both(fields: Fields, first: tuple[str, Any], second: tuple[str, Any]) -> tuple[Prompt, str, str]:
    """Two answers and the prompt that both of them answer.

    Args:
        fields: the record.
        first: one answer's column and what is in it.
        second: the other's.

    Raises:
        RecordError: as for `read_pair`.
    """
    prompt = read_prompt(fields)
    if prompt is None and isinstance(first[1], str) and isinstance(second[1], str):
        parted = _parted_transcripts(first[1], second[1])
        if parted:
            return _told_apart(*parted)
    (before, one), (before_too, other) = (read_answer(value, column) for column, value in (first, second))
    if prompt is not None and prompt[-1] in (_reply(one), _reply(other)):
        # Some files leave an answer at the end of the conversation too.
        prompt = prompt[:-1]
    asked = joined_prompt(prompt, before, first[0])
    asked_too = joined_prompt(prompt, before_too, second[0])
    if before and before_too and asked != asked_too:
        raise RecordError(
            second[0],
            "other question",
            f"has other turns before the answer in {second[0]!r} than in {first[0]!r}.",
            "Only answers to the same question can be compared.",
        )
    return _told_apart(checked_prompt(fields, asked if before else asked_too), one, other)


def joined_prompt(prompt: Prompt | None, before: list[ChatMessage], column: str) -> Prompt | None:
    """The prompt of an answer that has turns before it, beside the prompt that the record has.

    Raises:
        RecordError: the record's prompt is not among those turns.
    """
    if not before:
        return prompt
    if prompt is None or tuple(before[: len(prompt)]) == prompt:
        return tuple(before)
    if before[0]["role"] == "assistant":
        return (*prompt, *before)
    asked = {each["content"].strip() for each in before if each["role"] == "user"}
    if prompt[-1]["content"].strip() in asked:
        system = [each for each in prompt if each["role"] == "system"]
        told = any(each["role"] == "system" for each in before)
        return tuple(before) if told else (*system, *before)
    raise RecordError(
        column,
        "other question",
        f"has another question in the column {column!r} than beside it.",
        "Leave one of them out.",
    )


def tie_of(fields: Fields, first: tuple[str, Any], second: tuple[str, Any], *, bad: bool) -> Tie:
    """Two answers of which neither was preferred; see `read_both`."""
    prompt, one, other = read_both(fields, first, second)
    return Tie(prompt, one, other, bad)


def _reply(text: str) -> ChatMessage:
    return {"role": "assistant", "content": text}


def _filled(text: str, column: str) -> str:
    return read_text(text, column)


def _told_apart(prompt: Prompt, one: str, other: str) -> tuple[Prompt, str, str]:
    if one == other:
        raise RecordError(
            None, "same answer", "has the same text for both answers.", "Nothing to do: it tells nothing."
        )
    return prompt, one, other


def _parted_transcripts(first: str, second: str) -> tuple[Prompt, str, str] | None:
    """Two dialogues as hh-rlhf writes them, parted where their last answers begin; None if they are none.

    Raises:
        RecordError: they part before their last answers.
    """
    one, other = transcript(first), transcript(second)
    if len(one) < 2 or len(other) < 2:
        return None
    if one[:-1] != other[:-1] or one[-1]["role"] != "assistant" or other[-1]["role"] != "assistant":
        raise RecordError(
            None,
            "other question",
            "has two dialogues that part before their last answers.",
            "Only answers to the same question can be compared.",
        )
    for text in (one[-1]["content"], other[-1]["content"]):
        if not text:
            raise RecordError(None, "empty", "has an empty answer.", "Fill it, or leave the row out.")
    return tuple(one[:-1]), one[-1]["content"], other[-1]["content"]
