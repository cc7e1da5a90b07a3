"""Records that hold several questions and answers: intents, SQuAD, self-instruct, OASST trees, MOSS text."""

from collections.abc import Iterator, Mapping
from typing import Any

from ftdemo.files.cells import as_list, is_blank, text_of
from ftdemo.samples.conversations import Draft, replies_of
from ftdemo.samples.messages import Note, RecordError, Said

Cells = Mapping[str, Any]

MOST_COMBINED = 10_000
"""Most samples that one intent gives: patterns times responses."""

_MOST_DEEP = 200


def intents(cells: Cells) -> list[Draft]:
    """An intent of a chatbot, {'patterns': […], 'responses': […]}: each pattern with each response."""
    patterns, responses = _texts(cells, "patterns"), _texts(cells, "responses")
    for column, texts in (("patterns", patterns), ("responses", responses)):
        if not texts:
            raise RecordError(
                column, "empty", f"has nothing in the column {column!r}.", "Fill it, or leave the row out."
            )
    if len(patterns) * len(responses) > MOST_COMBINED:
        what = f"has {len(patterns):,} patterns with {len(responses):,} responses each."
        raise RecordError("patterns", "over-long", what, f"{MOST_COMBINED:,} together is the most; split it.")
    return [Draft(pattern, response) for pattern in patterns for response in responses]


def squad(cells: Cells) -> list[Draft]:
    """An article of SQuAD: questions on paragraphs, each put below its question."""
    drafts: list[Draft] = []
    unanswered = 0
    for paragraph in _objects(as_list(cells.get("paragraphs"))):
        context = text_of(paragraph.get("context"))
        for asked in _objects(paragraph.get("qas")):
            answers = [text_of(answer.get("text")) for answer in _objects(asked.get("answers"))]
            answer = next((text for text in answers if text.strip()), None)
            if answer is None:
                unanswered += 1
                continue
            question = text_of(asked.get("question"))
            drafts.append(Draft(f"{question}\n\n{context}" if context.strip() else question, answer))
    if not drafts:
        raise RecordError(
            "paragraphs", "no answer", "has no question with an answer.", "Nothing to do: there is none."
        )
    if unanswered:
        what = f"has {unanswered} questions without an answer, which are left out."
        drafts[0] = _noted(drafts[0], Note("paragraphs", "no answer", what, "Nothing to do."))
    return drafts


def instances(cells: Cells) -> list[Draft]:
    """Self-instruct's seed tasks: an instruction with inputs and outputs."""
    instruction = text_of(cells.get("instruction"))
    found = _objects(as_list(cells.get("instances")))
    drafts = []
    for each in found:
        about = text_of(each.get("input"))
        asked = f"{instruction}\n\n{about}" if about.strip() else instruction
        drafts.append(Draft(asked, text_of(each.get("output"))))
    if not drafts:
        raise RecordError(
            "instances", "empty", "has nothing in the column 'instances'.", "Fill it, or leave the row out."
        )
    return drafts


def tree(cells: Cells) -> list[Draft]:
    """A tree of messages and replies, as OASST has them: the best-ranked reply at each turn.

    All that people say goes on; of several replies of the assistant the one of the lowest rank is taken.
    """
    root = as_list(cells.get("prompt"))
    root = root if isinstance(root, dict) else cells
    drafts: list[Draft] = []
    passed = 0
    for path, alternatives in _paths(root, (), 0):
        passed += alternatives
        made = replies_of(path, "replies")
        drafts.append(made[-1])
    if not drafts:
        raise RecordError(
            "prompt", "no answer", "has no reply.", "A record needs something asked and an answer."
        )
    if passed:
        what = f"has {passed} replies that others are ranked above, which are left out."
        drafts[0] = _noted(drafts[0], Note("prompt", "other replies", what, "Nothing to do."))
    return drafts


def _paths(node: Mapping[str, Any], before: tuple[Said, ...], depth: int) -> Iterator[tuple[list[Said], int]]:
    """The conversations that end with a reply, and how many other replies were passed over for it."""
    if depth > _MOST_DEEP or node.get("deleted") is True:
        return
    said = (*before, Said("user", text_of(node.get("text"))))
    replies = [reply for reply in _objects(node.get("replies")) if reply.get("deleted") is not True]
    replies = [reply for reply in replies if not is_blank(reply.get("text"))]
    if not replies:
        return
    best = min(replies, key=_rank)
    answered = (*said, Said("assistant", text_of(best.get("text"))))
    yield list(answered), len(replies) - 1
    for further in _objects(best.get("replies")):
        yield from _paths(further, answered, depth + 1)


def _rank(reply: Mapping[str, Any]) -> float:
    rank = reply.get("rank")
    return float(rank) if isinstance(rank, int | float) else float("inf")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(cells: Cells, column: str) -> list[str]:
    value = as_list(cells.get(column))
    listed = value if isinstance(value, list) else [value]
    return [text for text in map(text_of, listed) if text.strip()]


def _noted(draft: Draft, note: Note) -> Draft:
    return Draft(**{**vars(draft), "notes": (*draft.notes, note)})
