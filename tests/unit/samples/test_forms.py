"""What is written in another tool's form is read back equal."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftdemo.errors import UserError
from ftdemo.samples.checking import HoldOut, check_file

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
# White space around texts is not what is tested, and the marks of texts have their own tests.
TEXTS = WORDS.map(str.strip).filter(lambda text: text and text[0] not in "<[{#")
TALK = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4)
TALKS = st.lists(TALK, min_size=1, max_size=4)

Talk = list[tuple[str, str]]


def as_messages(
    talk: Talk, who: str = "role", what: str = "content", names: tuple[str, str] = ("user", "assistant")
) -> Any:
    return [{who: name, what: text} for pair in talk for name, text in zip(names, pair, strict=True)]


def openai(talks: list[Talk]) -> Any:
    return [{"messages": as_messages(talk)} for talk in talks]


def sharegpt(talks: list[Talk]) -> Any:
    return [
        {"id": at, "conversations": as_messages(talk, "from", "value", ("human", "gpt"))}
        for at, talk in enumerate(talks)
    ]


def parts(talks: list[Talk]) -> Any:
    return [
        {
            "messages": [
                {**said, "content": [{"type": "text", "text": said["content"]}]} for said in as_messages(talk)
            ]
        }
        for talk in talks
    ]


def gemini(talks: list[Talk]) -> Any:
    return [
        {
            "contents": [
                {"role": said["role"], "parts": [{"text": said["content"]}]}
                for said in as_messages(talk, names=("user", "model"))
            ]
        }
        for talk in talks
    ]


def xtuner(talks: list[Talk]) -> Any:
    return [{"conversation": [{"input": ask, "output": reply} for ask, reply in talk]} for talk in talks]


def lists(talks: list[Talk]) -> Any:
    return [as_messages(talk) for talk in talks]


def keyed(talks: list[Talk]) -> Any:
    return {str(at): record for at, record in enumerate(openai(talks))}


def wrapped(talks: list[Talk]) -> Any:
    return {"version": "1", "data": openai(talks), "made": "2024"}


def with_tools(talks: list[Talk]) -> Any:
    return [{"tools": [{"name": "x"}], **record} for record in openai(talks)]


def turns(talks: list[Talk]) -> Any:
    return [{"conversation_id": at, **said} for at, talk in enumerate(talks) for said in as_messages(talk)]


def alpaca(talks: list[Talk]) -> Any:
    return [
        {
            "instruction": talk[-1][0],
            "input": "",
            "output": talk[-1][1],
            "history": [list(pair) for pair in talk[:-1]],
        }
        for talk in talks
    ]


def moss(talks: list[Talk]) -> Any:
    return [
        {
            "chat": {
                f"turn_{at}": {"Human": f"<|Human|>: {ask}<eoh>\n", "MOSS": f"<|MOSS|>: {reply}<eom>\n"}
                for at, (ask, reply) in enumerate(talk, start=1)
            }
        }
        for talk in talks
    ]


def tree(talks: list[Talk]) -> Any:
    def node(talk: Talk) -> dict[str, Any]:
        (ask, reply), *further = talk
        below = [node(further)] if further else []
        return {
            "text": ask,
            "role": "prompter",
            "replies": [{"text": reply, "role": "assistant", "replies": below}],
        }

    return [{"message_tree_id": str(at), "prompt": node(talk)} for at, talk in enumerate(talks)]


FORMS = [
    openai,
    sharegpt,
    parts,
    gemini,
    xtuner,
    lists,
    keyed,
    wrapped,
    with_tools,
    turns,
    alpaca,
    moss,
    tree,
]


def expected(talks: list[Talk]) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Question, answer and history of each reply; what was said before in the same words is there once."""
    found: dict[Any, Any] = {}
    for talk in talks:
        for at, (ask, reply) in enumerate(talk):
            history = tuple((said["role"], said["content"]) for said in as_messages(talk[:at]))
            folded = [" ".join(text.casefold().split()) for text in (ask, reply)]
            found.setdefault((*folded, history), (ask, reply, history))
    return list(found.values())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@MANY
@given(talks=TALKS)
def test_a_form_is_read_back(form: Callable[[list[Talk]], Any], talks: list[Talk]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_text(json.dumps(form(talks), ensure_ascii=False), encoding="utf-8")
        report = check_file(path)
    read = [(sample.question, sample.answer, sample.history) for sample in report.samples]
    assert read == expected(talks)
    assert report.rows_read == report.rows_kept + sum(report.problem_counts.values())


NAMES = st.sampled_from([
    "question", "answer", "messages", "conversations", "role", "content", "from", "value", "text", "chosen",
    "rejected", "prompt", "input", "output", "instruction", "instances", "patterns", "responses",
    "paragraphs", "qas", "context", "history", "system", "label", "weight", "split", "data", "train", "test",
    "row", "id",
    "parent_id", "message_id", "message_tree_id", "replies", "contents", "parts", "chat", "turn_1", "images",
    "tools", "winner", "conversation_a", "conversation_b", "conversation", "type", "completion", "answers",
    "multiplier", "inputs", "0", "1",
])  # fmt: skip
LEAVES = st.sampled_from([
    "", "x", "Who?", "user", "assistant", "human", "tool", "### Instruction: a ### Response: b", "[1,2",
    "[INST] a [/INST] b", "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb", "['a']", "true", "0",
    "<image>", None, True, 0, -1, 1.5, float("nan"), float("inf"), 10**30,
])  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS | VALUES, st.booleans())
def test_any_json_gives_a_report_that_adds_up_or_a_user_error(value: Any, by_line: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        rows = value if by_line and isinstance(value, list) else [value]
        path.write_text("\n".join(map(json.dumps, rows)))
        try:
            report = check_file(path, hold_out=HoldOut(0.3))
        except UserError as error:
            assert error.message
            assert error.remedy
        else:
            assert report.rows_read == report.rows_kept + sum(report.problem_counts.values())
            assert 0 < report.rows_kept <= len(report.samples)
