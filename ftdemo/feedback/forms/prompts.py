"""What was asked in a record: its prompt, with what else belongs to it."""

import re
from collections.abc import Sequence
from typing import Any

from ftdemo.feedback.forms.fields import Fields
from ftdemo.feedback.forms.judgements import Prompt
from ftdemo.feedback.forms.messages import as_messages, message, read_messages, read_text
from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.columns import QUESTION_NAMES
from ftdemo.samples.messages import RecordError
from ftdemo.store.conversations import ChatMessage

CONVERSATIONS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns", "chat")
_FIRST_QUESTIONS = ("prompt", "question", "instruction", "query", "input")
_LAST_QUESTIONS = (
    "inputs user_prompt user_input user_query user_message question_text prompt_text original_prompt problem "
    "task user request info post"
)
_QUESTIONS = tuple(dict.fromkeys((*_FIRST_QUESTIONS, *QUESTION_NAMES, *_LAST_QUESTIONS.split())))
_ABOUT = ("input", "context")
_SYSTEMS = ("system", "system_prompt", "system_message", "system_instruction")
_HISTORY = ("history",)
_MEDIA = ("images", "image", "videos", "video", "audios", "audio")
_BEGINS = re.compile(r"\s*(?:Human|H): ?")
_MARK = re.compile(r"\n\n(Human|Assistant|H|A):[ \t]?")


def read_prompt(fields: Fields) -> Prompt | None:
    """The messages before the answer, the question last; None if nothing in the record is a prompt.

    Raises:
        RecordError: what is there cannot be read.
    """
    refuse_media(fields)
    found = fields.find(*_QUESTIONS) or fields.find(*CONVERSATIONS)
    if found is None:
        history = fields.take("history", "context")
        if history is None:
            return None
        return with_system(fields, _asked(history[1], history[0]))
    value = fields.use(found)
    asked = _asked(value, found)
    if as_messages(value) is None:
        about = _about(fields, found, asked[-1]["content"])
        asked[-1] = message("user", asked[-1]["content"] + about)
        asked = [*_history(fields), *asked]
    return with_system(fields, asked)


def needed_prompt(fields: Fields) -> Prompt:
    """The prompt of a record, of which the question must be last.

    Raises:
        RecordError: there is none.
    """
    return checked_prompt(fields, read_prompt(fields))


def checked_prompt(fields: Fields, prompt: Prompt | None) -> Prompt:
    """A prompt, if there is one and it ends with a question that has text.

    Raises:
        RecordError: it does not.
    """
    if not prompt:
        raise RecordError(
            None,
            "no question",
            f"does not say what was asked; its columns are: {fields.listed()}.",
            "Put the question into a column named 'prompt'.",
        )
    if prompt[-1]["role"] != "user":
        raise RecordError(
            None,
            "no question",
            "ends with an answer where the question should be last.",
            "Leave the answer out of the messages, or leave the row out.",
        )
    if not prompt[-1]["content"].strip():
        raise RecordError(None, "empty", "has an empty question.", "Fill it, or leave the row out.")
    return prompt


def transcript(text: str) -> list[ChatMessage]:
    """The messages of a text that begins with 'Human:', as hh-rlhf writes them; [] of any other text."""
    begins = _BEGINS.match(text)
    if begins is None:
        return []
    parts = _MARK.split(text[begins.end() :])
    said = [message("user", parts[0].strip())]
    for mark, words in zip(parts[1::2], parts[2::2], strict=True):
        said.append(message("user" if mark[0] == "H" else "assistant", words.strip()))
    return said


def with_system(fields: Fields, said: Sequence[ChatMessage]) -> Prompt:
    """Messages with the record's system message first, unless they have one."""
    told = fields.find(*_SYSTEMS)
    if told is None or is_blank(fields.cells[told]) or not isinstance(fields.cells[told], str):
        return tuple(said)
    text = fields.use(told)
    if any(each["role"] == "system" for each in said):
        return tuple(said)
    return (message("system", text), *said)


def refuse_media(fields: Fields) -> None:
    """Refuse a record with pictures or sound beside its texts.

    Raises:
        RecordError: there are some.
    """
    found = next((fields.columns[name] for name in _MEDIA if name in fields.columns), None)
    if found is not None and not is_blank(fields.cells[found]):
        raise RecordError(
            found,
            "not text",
            f"has a picture or sound in the column {found!r}.",
            "Leave it out: only text is learned.",
        )


def _asked(value: Any, column: str) -> list[ChatMessage]:
    messages = as_messages(value)
    if messages is not None:
        return read_messages(messages, column)
    inner = as_list(value)
    text = read_text(inner if isinstance(inner, dict) else value, column)
    said = transcript(text)
    # Only a transcript that ends where an answer is to follow is one; any other text is what was asked.
    if len(said) > 1 and said[-1] == message("assistant", ""):
        return said[:-1]
    return [message("user", text)]


def _about(fields: Fields, question: str, text: str) -> str:
    """What a question is about, to go below it."""
    result = ""
    for name in _ABOUT:
        column = fields.columns.get(name)
        value = fields.cells.get(column) if column is not None else None
        if (
            column is None
            or column == question
            or not isinstance(value, str | int | float)
            or is_blank(value)
        ):
            continue
        about = text_of(fields.use(column))
        result += "" if about in text else f"\n\n{about}"
    return result


def _history(fields: Fields) -> list[ChatMessage]:
    found = fields.find(*_HISTORY)
    earlier = as_list(fields.cells[found]) if found is not None else None
    if found is None or not isinstance(earlier, list) or not earlier:
        return []
    fields.use(found)
    messages = as_messages(earlier)
    if messages is not None:
        return read_messages(messages, found)
    if all(isinstance(pair, list) and len(pair) == 2 for pair in earlier):
        said = zip(
            ("user", "assistant") * len(earlier), (text for pair in earlier for text in pair), strict=True
        )
        return [message(role, text_of(text)) for role, text in said]
    raise RecordError(
        found,
        "no turns",
        f"has no list of earlier turns in the column {found!r}.",
        'Write it as [["question", "answer"], …].',
    )
