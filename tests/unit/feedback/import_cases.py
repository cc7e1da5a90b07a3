"""Small files of the forms in which people have preferences, and what is taken of each."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.unit.samples.case_parts import excel, parquet

Expected = tuple[Any, ...]
"""('pair', prompt, chosen, rejected), ('tie' or 'bad', prompt, one, other), ('up' or 'down', prompt, answer).

A prompt of one question is its text, any other one its roles and texts.
"""

Q, GOOD, BAD = "Name a city.", "Graz.", "No."
PAIR = ("pair", Q, GOOD, BAD)
UP, DOWN = ("up", Q, GOOD), ("down", Q, BAD)


@dataclass(frozen=True)
class Case:
    """A file from which something is taken.

    Args:
        content: its bytes, what makes them, or its records, written as JSONL.
        taken: what it says, in order.
        passed: kinds of reasons by the numbers of the rows passed over.
        form: a part of the form's name.
        unused: columns that are named as unused.
    """

    id: str
    content: bytes | Callable[[], bytes] | list[Any]
    taken: list[Expected]
    passed: dict[int, str] = field(default_factory=dict)
    form: str = ""
    unused: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Refused:
    """A file from which nothing can be taken.

    Args:
        says: parts of the error's message.
    """

    id: str
    content: bytes | Callable[[], bytes] | list[Any]
    says: tuple[str, ...]


def json_list(*records: Any) -> bytes:
    return json.dumps(records, ensure_ascii=False, indent=1).encode()


def user(text: str = Q) -> dict[str, str]:
    return {"role": "user", "content": text}


def reply(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def human(text: str = Q) -> dict[str, str]:
    return {"from": "human", "value": text}


def gpt(text: str) -> dict[str, str]:
    return {"from": "gpt", "value": text}


def csv_of(*rows: list[str], delimiter: str = ",") -> bytes:
    import csv

    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode()


def webui(rating: Any, answer: str, **more: Any) -> dict[str, Any]:
    """A row of Open WebUI's export: the rated answer is one of two to the same question."""
    messages = {
        "m1": {"id": "m1", "parentId": None, "childrenIds": ["m2", "m3"], "role": "user", "content": Q},
        "m2": {"id": "m2", "parentId": "m1", "childrenIds": [], "role": "assistant", "content": answer},
        "m3": {"id": "m3", "parentId": "m1", "childrenIds": [], "role": "assistant", "content": "Another."},
    }
    chat = {"title": "Cities", "history": {"messages": messages, "currentId": "m3"}, "messages": []}
    return {
        "id": "f1",
        "user_id": "u1",
        "version": 0,
        "type": "rating",
        "data": {"rating": rating, "model_id": "m", "reason": "", "comment": "", "details": {"rating": 9}},
        "meta": {"arena": False, "chat_id": "c1", "message_id": "m2", "message_index": 1},
        "snapshot": {"chat": {"id": "c1", "chat": chat}},
        "created_at": 1,
        **more,
    }


def studio(data: dict[str, Any], *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A task of Label Studio with an annotation for each result."""
    annotations = [{"id": at, "was_cancelled": False, "result": [each]} for at, each in enumerate(results)]
    return {"id": 1, "data": data, "annotations": annotations, "predictions": [], "project": 1, **more}


def pairwise(side: str) -> dict[str, Any]:
    return {"from_name": "pw", "to_name": "answer1", "type": "pairwise", "value": {"selected": side}}


def rated(*scores: Any, texts: tuple[str, ...] = (GOOD, "Hm.", BAD)) -> list[dict[str, Any]]:
    return [
        {"response": text, "overall_score": score, "model": "m"}
        for text, score in zip(texts, scores, strict=False)
    ]


TWO = {"answer1": BAD, "answer2": GOOD, "prompt": Q}
LONG = ({"role": "system", "content": "Be kind."}, user("Hi."), reply("Hello."), user())
HH = f"\n\nHuman: Hi.\n\nAssistant: Hello.\n\nHuman: {Q}\n\nAssistant: "
HH_PROMPT = (("user", "Hi."), ("assistant", "Hello."), ("user", Q))
LONG_PROMPT = (("system", "Be kind."), *HH_PROMPT)

PAIRS = [
    Case(
        "text",
        [{"prompt": Q, "chosen": GOOD, "rejected": BAD}],
        [PAIR],
        form="chosen and a rejected",
        unused=(),
    ),
    *(
        Case(f"prompt named {name}", [{name: Q, "chosen": GOOD, "rejected": BAD}], [PAIR], unused=())
        for name in ("question", "input", "query", "instruction", "Prompt", "问题", "user_prompt", "history")
    ),
    *(
        Case(
            f"answers named {better} and {worse}",
            [{"prompt": Q, better: GOOD, worse: BAD}],
            [PAIR],
            unused=(),
        )
        for better, worse in (
            ("chosen_response", "rejected_response"),
            ("preferred_output", "non_preferred_output"),
            ("response_j", "response_k"),
            ("Chosen", "Rejected"),
            ("chosenResponse", "rejectedResponse"),
            ("preferred", "dispreferred"),
            ("better", "worse"),
            ("response", "rejected_response"),
            ("answer", "rejected"),
            ("output", "rejected"),
        )
    ),
    Case(
        "conversations and one message each",
        json_list(
            *({"conversations": [human()], "chosen": gpt(GOOD), "rejected": gpt(BAD)} for _ in range(1))
        ),
        [PAIR],
        unused=(),
    ),
    Case(
        "conversations with a system column",
        [{"system": "Be kind.", "conversations": [human()], "chosen": gpt(GOOD), "rejected": gpt(BAD)}],
        [("pair", (("system", "Be kind."), ("user", Q)), GOOD, BAD)],
    ),
    Case(
        "conversations of several turns",
        [
            {
                "conversations": [human("Hi."), gpt("Hello."), human()],
                "chosen": gpt(GOOD),
                "rejected": gpt(BAD),
            }
        ],
        [("pair", HH_PROMPT, GOOD, BAD)],
    ),
    Case(
        "conversations that end with the chosen answer",
        [{"conversations": [human(), gpt(GOOD)], "chosen": gpt(GOOD), "rejected": gpt(BAD)}],
        [PAIR],
    ),
    Case(
        "messages as objects", [{"messages": [user()], "chosen": reply(GOOD), "rejected": reply(BAD)}], [PAIR]
    ),
    Case(
        "lists of messages",
        [{"prompt": [*LONG], "chosen": [reply(GOOD)], "rejected": [reply(BAD)]}],
        [("pair", LONG_PROMPT, GOOD, BAD)],
    ),
    Case(
        "lists that begin with the prompt",
        [{"chosen": [*LONG, reply(GOOD)], "rejected": [*LONG, reply(BAD)]}],
        [("pair", LONG_PROMPT, GOOD, BAD)],
    ),
    Case(
        "the first question beside lists that have it",
        [
            {
                "prompt": "Hi.",
                "chosen": [*LONG, reply(GOOD)],
                "rejected": [*LONG, reply(BAD)],
                "score_chosen": 9.0,
                "score_rejected": 2.0,
            }
        ],
        [("pair", LONG_PROMPT, GOOD, BAD)],
        unused=(),
    ),
    Case(
        "content parts",
        [
            {
                "prompt": [{"role": "user", "content": [{"type": "text", "text": Q}]}],
                "chosen": GOOD,
                "rejected": BAD,
            }
        ],
        [PAIR],
    ),
    Case("lists of one text", [{"prompt": Q, "chosen": [GOOD], "rejected": [BAD]}], [PAIR]),
    Case(
        "an object with a text", [{"prompt": Q, "chosen": {"text": GOOD}, "rejected": {"text": BAD}}], [PAIR]
    ),
    Case(
        "numbers",
        [{"prompt": "6 times 7?", "chosen": 42, "rejected": 41}],
        [("pair", "6 times 7?", "42", "41")],
    ),
    Case(
        "instruction and input",
        json_list(
            *(
                {"instruction": "Translate.", "input": word, "chosen": said, "rejected": "I cannot."}
                for word, said in (("cat", "Katze"), ("dog", "Hund"), ("", "Was?"))
            )
        ),
        [
            ("pair", "Translate.\n\ncat", "Katze", "I cannot."),
            ("pair", "Translate.\n\ndog", "Hund", "I cannot."),
            ("pair", "Translate.", "Was?", "I cannot."),
        ],
        unused=(),
    ),
    Case(
        "question and context",
        [{"question": Q, "context": "In Styria.", "chosen": GOOD, "rejected": BAD}],
        [("pair", f"{Q}\n\nIn Styria.", GOOD, BAD)],
    ),
    Case(
        "system and history",
        [
            {
                "system": "Be kind.",
                "history": [["Hi.", "Hello."]],
                "prompt": Q,
                "chosen": GOOD,
                "rejected": BAD,
            }
        ],
        [("pair", LONG_PROMPT, GOOD, BAD)],
        unused=(),
    ),
    Case(
        "hh-rlhf",
        [{"chosen": HH + GOOD, "rejected": HH + BAD}],
        [("pair", HH_PROMPT, GOOD, BAD)],
    ),
    Case(
        "hh-rlhf, prompt apart",
        [{"prompt": HH, "chosen": GOOD, "rejected": BAD}],
        [("pair", HH_PROMPT, GOOD, BAD)],
    ),
    Case(
        "hh-rlhf that parts early",
        [
            {
                "chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d",
                "rejected": "\n\nHuman: a\n\nAssistant: x\n\nHuman: c\n\nAssistant: y",
            },
            {"chosen": HH + GOOD, "rejected": HH + BAD},
        ],
        [("pair", HH_PROMPT, GOOD, BAD)],
        passed={1: "other question"},
    ),
    Case(
        "a dialogue in the answer",
        [{"prompt": "Write.", "chosen": "Well.\n\nHuman: Hello.\n\nAssistant: Good day.", "rejected": BAD}],
        [("pair", "Write.", "Well.\n\nHuman: Hello.\n\nAssistant: Good day.", BAD)],
    ),
    Case(
        "an answer that begins like a dialogue",
        [{"prompt": "Write.", "chosen": "Human: Hello.\n\nAssistant: Good day.", "rejected": BAD}],
        [("pair", "Write.", "Human: Hello.\n\nAssistant: Good day.", BAD)],
    ),
    Case(
        "headings in the answers",
        [
            {"prompt": f"Where is box {at}?", "chosen": f"In hall {at}.{more}", "rejected": "Go away."}
            for at, more in enumerate(("\n\n### Instructions\n1. Go there.", "", "\n\n### Output\nThere.\n"))
        ],
        [
            ("pair", "Where is box 0?", "In hall 0.\n\n### Instructions\n1. Go there.", "Go away."),
            ("pair", "Where is box 1?", "In hall 1.", "Go away."),
            ("pair", "Where is box 2?", "In hall 2.\n\n### Output\nThere.\n", "Go away."),
        ],
    ),
    Case(
        "an answer that is JSON",
        [{"prompt": "JSON?", "chosen": '{"a": [1, 2]}', "rejected": '["a"]'}],
        [("pair", "JSON?", '{"a": [1, 2]}', '["a"]')],
    ),
    Case(
        "OpenAI's preferences",
        [
            {
                "input": {"messages": [user()], "tools": [], "parallel_tool_calls": True},
                "preferred_output": [reply(GOOD)],
                "non_preferred_output": [reply(BAD)],
            }
        ],
        [PAIR],
        unused=(),
    ),
    Case(
        "a rejected answer beside messages",
        [{"messages": [*LONG, reply(GOOD)], "rejected_response": BAD}],
        [("pair", LONG_PROMPT, GOOD, BAD)],
        form="rejected one beside",
    ),
    Case(
        "several rejected answers beside messages",
        [{"messages": [user(), reply(GOOD)], "rejected_response": [BAD, "Hm."]}],
        [PAIR, ("pair", Q, GOOD, "Hm.")],
    ),
    Case(
        "two answers in a list",
        json_list({"instruction": Q, "input": "", "output": [GOOD, BAD]}),
        [PAIR],
        form="better one first",
    ),
    Case(
        "chosen and rejected as roles",
        [{"messages": [user(), {"role": "chosen", "content": GOOD}, {"role": "rejected", "content": BAD}]}],
        [PAIR],
    ),
    Case(
        "a rejected role after an answer",
        [{"conversations": [human(), gpt(GOOD), {"from": "rejected", "value": BAD}]}],
        [PAIR],
    ),
    Case("only a rejected role", [{"messages": [user(), {"role": "rejected", "content": BAD}]}], [DOWN]),
    Case(
        "empty cells",
        [
            {"prompt": Q, "chosen": GOOD, "rejected": ""},
            {"prompt": Q, "chosen": None, "rejected": BAD},
            {"prompt": "", "chosen": GOOD, "rejected": BAD},
            {"prompt": Q, "chosen": GOOD, "rejected": GOOD},
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
        ],
        [PAIR],
        passed={1: "empty", 2: "empty", 3: "no question", 4: "same answer"},
    ),
    Case(
        "several better answers",
        [
            {"prompt": Q, "chosen": [GOOD, "Linz."], "rejected": [BAD]},
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
        ],
        [PAIR],
        passed={1: "several texts"},
    ),
    Case(
        "lists that part before the last question",
        [
            {
                "chosen": [user("a"), reply("b"), user("c"), reply("d")],
                "rejected": [user("a"), reply("x"), user("c"), reply("y")],
            },
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
        ],
        [PAIR],
        passed={1: "other question"},
    ),
    Case(
        "tool calls and pictures",
        [
            {
                "messages": [user(), {"role": "tool", "content": "x"}],
                "chosen": reply(GOOD),
                "rejected": reply(BAD),
            },
            {"prompt": Q, "images": ["a.png"], "chosen": GOOD, "rejected": BAD},
            {"prompt": Q, "images": [], "chosen": GOOD, "rejected": BAD},
        ],
        [PAIR],
        passed={1: "tool call", 2: "not text"},
    ),
    Case(
        "scores that contradict",
        [
            {"prompt": Q, "chosen": GOOD, "rejected": BAD, "chosen-rating": 2.0, "rejected-rating": 4.0},
            {"prompt": Q, "chosen": GOOD, "rejected": BAD, "chosen-rating": 4.0, "rejected-rating": 2.0},
        ],
        [PAIR],
        passed={1: "unsure"},
    ),
    Case(
        "the same again, and the contrary",
        [
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
            {"prompt": Q, "chosen": BAD, "rejected": GOOD},
        ],
        [PAIR, ("pair", Q, BAD, GOOD)],
        passed={2: "duplicate"},
    ),
    Case(
        "columns that are not used",
        [{"id": 7, "prompt": Q, "chosen": GOOD, "rejected": BAD, "source": "web", "margin": 0.3}],
        [PAIR],
        unused=("id", "source", "margin"),
    ),
    Case(
        "rows of several forms",
        [
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
            {"prompt": Q, "completion": BAD, "label": False},
            {"question": Q, "answer": GOOD},
        ],
        [PAIR, DOWN],
        passed={3: "no preference"},
    ),
    Case("CSV", csv_of(["prompt", "chosen", "rejected"], [Q, GOOD, BAD]), [PAIR]),
    Case("TSV", csv_of(["prompt", "chosen", "rejected"], [Q, GOOD, BAD], delimiter="\t"), [PAIR]),
    Case(
        "CSV with semicolons",
        csv_of(["question", "preferred", "dispreferred"], [Q, GOOD, BAD], delimiter=";"),
        [PAIR],
    ),
    Case(
        "CSV with JSON in its cells",
        csv_of(
            ["prompt", "chosen", "rejected"],
            [json.dumps([user()]), json.dumps([reply(GOOD)]), json.dumps(reply(BAD))],
        ),
        [PAIR],
    ),
    Case(
        "CSV with Python in its cells",
        csv_of(
            ["prompt", "chosen", "rejected"],
            [str([user()]), str([user(), reply(GOOD)]), str([user(), reply(BAD)])],
        ),
        [PAIR],
    ),
    Case(
        "Excel",
        excel(["prompt", "chosen", "rejected"], [Q, GOOD, BAD], ["6 times 7?", 42, 41]),
        [PAIR, ("pair", "6 times 7?", "42", "41")],
    ),
    Case(
        "Parquet", parquet([{"prompt": [user()], "chosen": [reply(GOOD)], "rejected": [reply(BAD)]}]), [PAIR]
    ),
    Case(
        "columns side by side",
        json.dumps({"prompt": [Q], "chosen": [GOOD], "rejected": [BAD]}).encode(),
        [PAIR],
    ),
    Case("wrapped", json.dumps({"data": [{"prompt": Q, "chosen": GOOD, "rejected": BAD}]}).encode(), [PAIR]),
    Case(
        "NaN",
        b'[{"prompt": "Name a city.", "system": NaN, "input": NaN, "chosen": "Graz.", "rejected": "No."},'
        b' {"prompt": "Name a city.", "system": NaN, "input": NaN, "chosen": "Graz.", "rejected": NaN}]',
        [PAIR],
        passed={2: "empty"},
    ),
]

COMPARISONS = [
    Case(
        "PKU-SafeRLHF",
        [
            {
                "prompt": Q,
                "response_0": BAD,
                "response_1": GOOD,
                "is_response_0_safe": True,
                "better_response_id": 1,
                "safer_response_id": 0,
            },
            {
                "prompt": "Q2?",
                "response_0": GOOD,
                "response_1": BAD,
                "is_response_0_safe": True,
                "better_response_id": 0,
                "safer_response_id": 0,
            },
        ],
        [PAIR, ("pair", "Q2?", GOOD, BAD)],
        unused=("is_response_0_safe", "safer_response_id"),
        form="which of them is better",
    ),
    Case(
        "an id as text",
        [{"prompt": Q, "response_0": BAD, "response_1": GOOD, "better_response_id": "1"}],
        [PAIR],
    ),
    Case("counted from 1", [{"prompt": Q, "response_1": GOOD, "response_2": BAD, "preference": 1}], [PAIR]),
    Case("AlpacaEval", [{"instruction": Q, "output_1": BAD, "output_2": GOOD, "preference": 2.0}], [PAIR]),
    Case(
        "Arena",
        [
            {
                "question_id": str(at),
                "model_a": "x",
                "model_b": "y",
                "winner": winner,
                "conversation_a": [user(f"Q{at}?"), reply(GOOD)],
                "conversation_b": [user(f"Q{at}?"), reply(BAD)],
            }
            for at, winner in enumerate(("model_a", "model_b", "tie", "tie (bothbad)", None, "x"))
        ],
        [
            ("pair", "Q0?", GOOD, BAD),
            ("pair", "Q1?", BAD, GOOD),
            ("tie", "Q2?", GOOD, BAD),
            ("bad", "Q3?", GOOD, BAD),
            ("pair", "Q5?", GOOD, BAD),
        ],
        passed={5: "no choice"},
    ),
    Case(
        "Arena, several turns",
        [
            {
                "winner": "model_a",
                "conversation_a": [user("a"), reply("b"), user("c"), reply("d")],
                "conversation_b": [user("a"), reply("x"), user("c"), reply("y")],
            },
            {
                "winner": "model_a",
                "conversation_a": [user("Hi."), reply("Hello."), user(), reply(GOOD)],
                "conversation_b": [user("Hi."), reply("Hello."), user(), reply(BAD)],
            },
        ],
        [("pair", HH_PROMPT, GOOD, BAD)],
        passed={1: "other question"},
    ),
    Case(
        "Arena in tables",
        csv_of(
            [
                "id",
                "model_a",
                "model_b",
                "prompt",
                "response_a",
                "response_b",
                "winner_model_a",
                "winner_model_b",
                "winner_tie",
            ],
            ["1", "x", "y", json.dumps([Q]), json.dumps([GOOD]), json.dumps([BAD]), "1", "0", "0"],
            ["2", "x", "y", json.dumps([Q]), json.dumps([GOOD]), json.dumps(["Hm."]), "0", "0", "1"],
            [
                "3",
                "x",
                "y",
                json.dumps(["a", "b"]),
                json.dumps(["c", "d"]),
                json.dumps(["e", "f"]),
                "0",
                "1",
                "0",
            ],
            ["4", "x", "y", json.dumps([Q]), json.dumps([GOOD]), json.dumps([BAD]), "0", "0", "0"],
        ),
        [PAIR, ("tie", Q, GOOD, "Hm.")],
        passed={4: "other question", 5: "no choice"},
        unused=("id", "model_a", "model_b"),
    ),
    *(
        Case(
            f"verdict {word!r}",
            [{"prompt": Q, "response_a": GOOD, "response_b": BAD, "winner": word}],
            [said],
        )
        for word, said in (
            ("A", PAIR),
            ("b", ("pair", Q, BAD, GOOD)),
            ("response_a", PAIR),
            ("Left", PAIR),
            ("first", PAIR),
            ("Response A", PAIR),
            ("second", ("pair", Q, BAD, GOOD)),
            ("TIE", ("tie", Q, GOOD, BAD)),
            ("both_bad", ("bad", Q, GOOD, BAD)),
            ("neither", ("bad", Q, GOOD, BAD)),
            (GOOD, PAIR),
        )
    ),
    Case(
        "numbers beside letters, told by the file",
        [
            {"prompt": Q, "response_a": GOOD, "response_b": BAD, "label": 0},
            {"prompt": "Q2?", "response_a": BAD, "response_b": GOOD, "label": 1},
        ],
        [PAIR, ("pair", "Q2?", GOOD, BAD)],
    ),
    Case(
        "verdicts of any name",
        csv_of(["prompt", "answer1", "answer2", "pw", "annotator"], [Q, GOOD, BAD, "left", "7"]),
        [PAIR],
        unused=("annotator",),
    ),
    Case(
        "SHP",
        [
            {
                "post_id": "x",
                "history": Q,
                "human_ref_A": GOOD,
                "human_ref_B": BAD,
                "labels": 1,
                "score_A": 9,
                "score_B": 2,
            },
            {
                "post_id": "x",
                "history": "Q2?",
                "human_ref_A": BAD,
                "human_ref_B": GOOD,
                "labels": 0,
                "score_A": 2,
                "score_B": 9,
            },
        ],
        [PAIR, ("pair", "Q2?", GOOD, BAD)],
    ),
    Case(
        "scores of two answers",
        [
            {
                "question": {"full_text": Q},
                "answer_0": GOOD,
                "answer_1": BAD,
                "score_0": 0.5,
                "score_1": -0.5,
            },
            {
                "question": {"full_text": Q},
                "answer_0": GOOD,
                "answer_1": "Hm.",
                "score_0": 0.0,
                "score_1": 0.0,
            },
        ],
        [PAIR],
        passed={2: "no choice"},
    ),
    Case(
        "how much better",
        [
            {"prompt": Q, "response_1": BAD, "response_2": GOOD, "preference_strength": 2},
            {"prompt": "Q2?", "response_1": GOOD, "response_2": BAD, "preference_strength": -1},
            {"prompt": "Q3?", "response_1": GOOD, "response_2": BAD, "preference_strength": 0},
        ],
        [PAIR, ("pair", "Q2?", GOOD, BAD), ("tie", "Q3?", GOOD, BAD)],
    ),
    Case(
        "how much better, after a conversation",
        [
            {
                "context": [user("Hi."), reply("Hello."), user()],
                "response1": GOOD,
                "response2": BAD,
                "overall_preference": -3,
            }
        ],
        [("pair", HH_PROMPT, GOOD, BAD)],
    ),
    Case(
        "verdicts that say nothing sure",
        [
            {"prompt": Q, "response_a": GOOD, "response_b": BAD, "winner": "maybe"},
            {"prompt": Q, "response_a": GOOD, "response_b": BAD, "winner": 7},
            {"prompt": Q, "response_a": GOOD, "response_b": BAD, "winner": "a"},
        ],
        [PAIR],
        passed={1: "no choice", 2: "no choice"},
    ),
]

RANKED = [
    Case(
        "UltraFeedback",
        [
            {"source": "x", "instruction": Q, "models": ["a", "b", "c"], "completions": rated(9.0, 5.0, 2.0)},
            {"source": "x", "instruction": Q, "models": ["a", "b"], "completions": rated(5.0, 5.0)},
        ],
        [("pair", Q, GOOD, "Hm."), PAIR, ("pair", Q, "Hm.", BAD)],
        passed={2: "no choice"},
        form="UltraFeedback",
        unused=("source", "models"),
    ),
    Case(
        "UltraFeedback's ratings by aspect",
        [
            {
                "instruction": Q,
                "completions": [
                    {
                        "response": BAD,
                        "annotations": {"honesty": {"Rating": "1"}, "truth": {"Rating": "N/A"}},
                    },
                    {"response": GOOD, "annotations": {"honesty": {"Rating": "5"}, "truth": {"Rating": "4"}}},
                ],
            }
        ],
        [PAIR],
    ),
    Case(
        "in a list of records",
        json_list({"instruction": Q, "completions": rated(9, 1, texts=(GOOD, BAD))}),
        [PAIR],
    ),
    Case(
        "in Parquet", parquet([{"instruction": Q, "completions": rated(9.0, 1.0, texts=(GOOD, BAD))}]), [PAIR]
    ),
    Case(
        "Nectar's ranks",
        [
            {
                "prompt": f"\n\nHuman: {Q}\n\nAssistant: ",
                "answers": [{"answer": BAD, "rank": 2.0}, {"answer": GOOD, "rank": 1.0}],
            }
        ],
        [PAIR],
    ),
    Case(
        "scores of a forum",
        [
            {
                "question": Q,
                "answers": [
                    {"text": BAD, "pm_score": 1, "selected": False},
                    {"text": GOOD, "pm_score": 4, "selected": True},
                ],
            }
        ],
        [PAIR],
    ),
    Case("ratings beside", [{"prompt": Q, "generations": [BAD, GOOD], "ratings": [1, 4]}], [PAIR]),
    Case("ranks beside", [{"prompt": Q, "responses": [BAD, GOOD], "ranks": [2, 1]}], [PAIR]),
    Case(
        "labels of steps",
        [
            {"prompt": Q, "completions": ["In Styria.", "So, Graz."], "labels": [True, False]},
            {"prompt": Q, "chosen": GOOD, "rejected": BAD},
        ],
        [PAIR],
        passed={1: "unsure"},
    ),
    Case("labels beside", [{"prompt": Q, "responses": [BAD, GOOD], "labels": [False, True]}], [DOWN, UP]),
    Case(
        "the place of the best",
        [
            {"prompt": Q, "responses": [BAD, GOOD], "chosen": 1},
            {"prompt": "Q2?", "responses": [GOOD, BAD], "chosen": 0},
        ],
        [PAIR, ("pair", "Q2?", GOOD, BAD)],
    ),
    Case(
        "summaries to choose from",
        [
            {"info": {"post": Q}, "summaries": [{"text": GOOD}, {"text": BAD}], "choice": 0},
        ],
        [PAIR],
    ),
    Case(
        "chosen and rejected beside all generations",
        [{"input": Q, "generations": [BAD, GOOD], "ratings": [1, 4], "chosen": GOOD, "rejected": BAD}],
        [PAIR],
    ),
]

THUMBS = [
    *(
        Case(
            f"label {liked!r} and {disliked!r}",
            [
                {"prompt": Q, "completion": GOOD, "label": liked},
                {"prompt": Q, "completion": BAD, "label": disliked},
            ],
            [UP, DOWN],
            form="thumbs up or down",
        )
        for liked, disliked in (
            (True, False),
            (1, 0),
            ("true", "False"),
            ("1", "0"),
            ("1.0", "0.0"),
            (1, -1),
            ("good", "bad"),
            ("thumbs_up", "thumbs_down"),
            ("👍", "👎🏽"),
            ("like", "dislike"),
            ("Thumbs up", "thumbs-down"),
            ("accepted", "rejected"),
            ("desirable", "undesirable"),
            ("Positive", "NEGATIVE"),
        )
    ),
    *(
        Case(
            f"{question}, {answer} and {label}",
            [{question: Q, answer: GOOD, label: True}, {question: Q, answer: BAD, label: False}],
            [UP, DOWN],
            unused=(),
        )
        for question, answer, label in (
            ("prompt", "completion", "kto_tag"),
            ("question", "answer", "liked"),
            ("instruction", "output", "kto_tag"),
            ("query", "response", "thumbs"),
            ("input", "output", "feedback"),
            ("prompt", "response", "chosen"),
        )
    ),
    Case(
        "messages and a label",
        json_list(
            {"messages": [user(), reply(GOOD)], "label": True},
            {"messages": [user(), reply(BAD)], "label": False},
        ),
        [UP, DOWN],
        unused=(),
    ),
    Case(
        "conversations and a tag",
        [
            {"conversations": [human(), gpt(GOOD)], "kto_tag": True},
            {"conversations": [human(), gpt(BAD)], "kto_tag": False},
        ],
        [UP, DOWN],
    ),
    Case(
        "messages, a system column and a label",
        [{"system": "Be kind.", "messages": [*LONG[1:], reply(BAD)], "label": "false"}],
        [("down", LONG_PROMPT, BAD)],
    ),
    Case(
        "prompt and completion as messages",
        [{"prompt": [*LONG], "completion": [reply(BAD)], "label": False}],
        [("down", LONG_PROMPT, BAD)],
    ),
    Case(
        "instruction, input, output and a tag",
        [{"instruction": "Translate.", "input": "cat", "output": "Hund", "kto_tag": False}],
        [("down", "Translate.\n\ncat", "Hund")],
        unused=(),
    ),
    Case("disliked", [{"prompt": Q, "response": BAD, "disliked": True}], [DOWN]),
    Case("rejected", [{"prompt": Q, "response": BAD, "rejected": "true"}], [DOWN]),
    Case(
        "labels that say neither",
        [{"prompt": Q, "completion": GOOD, "label": value} for value in ("perhaps", "", None, True)],
        [UP],
        passed={1: "no label", 2: "no label", 3: "no label"},
    ),
    Case(
        "0 where there is -1 too",
        [{"prompt": f"Q{at}?", "completion": GOOD, "label": value} for at, value in enumerate((1, 0, -1))],
        [("up", "Q0?", GOOD), ("down", "Q2?", GOOD)],
        passed={2: "no label"},
    ),
    Case(
        "five stars",
        [{"prompt": f"Q{at}?", "response": GOOD, "rating": at} for at in range(1, 6)],
        [("down", "Q1?", GOOD), ("down", "Q2?", GOOD), ("up", "Q4?", GOOD), ("up", "Q5?", GOOD)],
        passed={3: "no label"},
    ),
    Case(
        "ten points in a table",
        csv_of(["question", "answer", "score"], *([f"Q{at}?", GOOD, str(at)] for at in (1, 4, 6, 8, 10))),
        [("down", "Q1?", GOOD), ("down", "Q4?", GOOD), ("up", "Q8?", GOOD), ("up", "Q10?", GOOD)],
        passed={4: "no label"},
    ),
    Case(
        "stars in words",
        [{"prompt": Q, "response": GOOD, "rating": "5/5"}, {"prompt": Q, "response": BAD, "rating": "★☆☆☆☆"}],
        [UP, DOWN],
    ),
    Case(
        "a label and its contrary",
        [
            {"prompt": Q, "completion": GOOD, "label": True, "liked": False},
            {"prompt": Q, "completion": GOOD, "label": True, "liked": True},
        ],
        [UP],
        passed={1: "unsure"},
    ),
    Case(
        "weights of messages",
        [
            {"messages": [user(), reply(BAD, weight=0)]},
            {"messages": [user("Hi."), reply("Hello.", weight=1), user(), reply(BAD, weight=0.0)]},
            {"messages": [user(), reply(GOOD)]},
        ],
        [DOWN, ("up", "Hi.", "Hello."), ("down", HH_PROMPT, BAD)],
        passed={3: "no preference"},
        form="weights",
    ),
    Case(
        "labels of messages",
        [{"messages": [user("Hi."), reply("Hello.", label=True), user(), reply(BAD, label=False)]}],
        [("up", "Hi.", "Hello."), ("down", HH_PROMPT, BAD)],
    ),
    Case(
        "a multiplier of 0",
        [
            {"question": Q, "answer": BAD, "multiplier": 0},
            {"question": Q, "answer": GOOD, "multiplier": 1.5},
            {"question": Q, "answer": GOOD},
        ],
        [DOWN, UP],
        passed={3: "no preference"},
    ),
    Case("Excel", excel(["prompt", "completion", "label"], [Q, GOOD, True], [Q, BAD, False]), [UP, DOWN]),
    Case(
        "CSV with messages in its cells",
        csv_of(
            ["messages", "label"],
            [json.dumps([user(), reply(GOOD)]), "1"],
            [str([user(), reply(BAD)]), "0"],
            ["nothing", "1"],
        ),
        [UP, DOWN],
        passed={4: "no turns"},
    ),
    Case("Excel with numbers", excel(["question", "answer", "liked"], [Q, GOOD, 1], [Q, BAD, 0]), [UP, DOWN]),
    Case("CSV", csv_of(["prompt", "completion", "label"], [Q, GOOD, "TRUE"], [Q, BAD, "FALSE"]), [UP, DOWN]),
    Case("Parquet", parquet([{"prompt": Q, "completion": BAD, "label": False}]), [DOWN]),
]

PROGRAMS = [
    Case(
        "Open WebUI",
        json_list(webui(1, GOOD), webui(-1, BAD), webui(0, "Hm."), webui("-1", "Hm.")),
        [UP, DOWN, ("down", Q, "Hm.")],
        passed={3: "no label"},
        form="Open WebUI",
    ),
    Case(
        "Open WebUI without chats",
        json_list(webui(1, GOOD), webui(-1, BAD, snapshot=None), webui(1, BAD, meta={"message_id": "gone"})),
        [UP],
        passed={2: "no question", 3: "no answer"},
    ),
    Case(
        "Open WebUI, messages in a list",
        [
            {
                "type": "rating",
                "data": {"rating": 1},
                "meta": {"message_id": "2"},
                "snapshot": {"chat": {"messages": [{"id": "1", **user()}, {"id": "2", **reply(GOOD)}]}},
            }
        ],
        [UP],
    ),
    Case(
        "Open WebUI's chats",
        json_list({"title": "x", "chat": {"messages": [user(), reply(BAD, annotation={"rating": -1})]}}),
        [DOWN],
    ),
    Case(
        "Label Studio, two answers",
        json_list(studio(TWO, pairwise("right")), studio({**TWO, "prompt": "Q2?"}, pairwise("left"))),
        [PAIR, ("pair", "Q2?", BAD, GOOD)],
        form="Label Studio",
        unused=("id", "predictions", "project"),
    ),
    Case(
        "Label Studio, several people",
        json_list(
            studio(TWO, pairwise("right"), pairwise("right"), pairwise("left")),
            studio(TWO, pairwise("right"), pairwise("left")),
            studio(TWO),
        ),
        [PAIR],
        passed={2: "unsure", 3: "no label"},
    ),
    Case(
        "Label Studio, choices and stars",
        json_list(
            studio(
                {"prompt": Q, "response": BAD},
                {"from_name": "choice", "type": "choices", "value": {"choices": ["Bad"]}},
            ),
            studio(
                {"prompt": Q, "response": GOOD},
                {"from_name": "stars", "type": "rating", "value": {"rating": 5}},
            ),
        ),
        [DOWN, UP],
    ),
    Case("Label Studio's JSON_MIN", json_list({"id": 1, **TWO, "comparison": "right"}), [PAIR]),
    Case(
        "Label Studio's JSON_MIN with objects",
        json_list({"id": 1, **TWO, "pairwise": {"selected": "right"}}),
        [PAIR],
    ),
    Case(
        "Argilla's records",
        json_list(
            {
                "id": "1",
                "status": "completed",
                "fields": {"prompt": Q, "response1": GOOD, "response2": BAD},
                "metadata": {},
                "vectors": {},
                "suggestions": {"preference": {"value": "response2"}},
                "responses": {"preference": [{"value": "response1", "user_id": "u1"}]},
            }
        ),
        [PAIR],
        form="Argilla",
    ),
    Case(
        "Argilla's records, nobody responded",
        json_list(
            {"fields": {"prompt": Q, "response": GOOD}, "suggestions": {}, "responses": {}},
            {
                "fields": {"prompt": Q, "response": GOOD},
                "responses": {"label": [{"value": "good", "user_id": "u"}]},
            },
        ),
        [UP],
        passed={1: "no label"},
    ),
    Case(
        "Argilla's ranking, by person",
        [
            {
                "fields": {"prompt": Q, "response-1": BAD, "response-2": GOOD},
                "responses": [
                    {
                        "user_id": "u",
                        "status": "submitted",
                        "values": {
                            "preference": {
                                "value": [
                                    {"rank": 2, "value": "response-1"},
                                    {"rank": 1, "value": "response-2"},
                                ]
                            }
                        },
                    },
                    {"user_id": "v", "status": "discarded", "values": {}},
                ],
            }
        ],
        [PAIR],
    ),
    Case(
        "Argilla's table",
        parquet(
            [
                {
                    "prompt": Q,
                    "response": BAD,
                    "rating.responses": [1, 2],
                    "rating.responses.users": ["u", "v"],
                    "rating.responses.status": ["submitted", "submitted"],
                    "rating.suggestion": 5,
                },
                {
                    "prompt": Q,
                    "response": GOOD,
                    "rating.responses": [5, 1],
                    "rating.responses.users": ["u", "v"],
                    "rating.responses.status": ["submitted", "draft"],
                    "rating.suggestion": 5,
                },
            ]
        ),
        [DOWN, UP],
        unused=("rating.suggestion",),
    ),
    Case(
        "Argilla's table on the Hub",
        parquet(
            [
                {
                    "prompt": Q,
                    "response-1": GOOD,
                    "response-2": BAD,
                    "preference": [{"user_id": "u", "value": "response-1", "status": "submitted"}],
                    "preference-suggestion": None,
                },
            ]
        ),
        [PAIR],
    ),
]

CASES = [*PAIRS, *COMPARISONS, *RANKED, *THUMBS, *PROGRAMS]

REFUSED = [
    Refused(
        "questions and answers",
        csv_of(["question", "answer"], [Q, GOOD]),
        ("not preferences", "'question'", "'answer'"),
    ),
    Refused(
        "no prompt",
        [{"chosen": GOOD, "rejected": BAD}],
        ("does not say what was asked", "'chosen', 'rejected'"),
    ),
    Refused(
        "several texts",
        [{"instruction": "Name a colour.", "chosen": ["Red.", "Blue."], "rejected": ["No."]}],
        ("Row 1", "2 texts", "'chosen'"),
    ),
    Refused("nothing but tags", [{"prompt": Q, "completion": GOOD, "label": "easy"}], ("'easy'", "'label'")),
    Refused(
        "classes",
        [{"prompt": Q, "completion": GOOD, "label": at} for at in range(3)],
        ("None of the 3 rows", "neither liked nor disliked"),
    ),
    Refused("scores without a scale", [{"prompt": Q, "completion": GOOD, "score": 0.7}], ("'score'", "0.7")),
    Refused("nothing but 1", [{"prompt": Q, "completion": GOOD, "rating": 1}], ("'rating'",)),
    Refused(
        "numbers beside letters",
        [{"prompt": Q, "response_a": GOOD, "response_b": BAD, "winner": 1}],
        ("'winner'", "1"),
    ),
    Refused(
        "two answers and no verdict",
        [{"prompt": Q, "response_a": GOOD, "response_b": BAD}],
        ("'response_a'",),
    ),
    Refused("no rows", b"prompt,chosen,rejected\n", ("no rows",)),
    Refused("broken lines", b'{"prompt": "a" "chosen": "b"}\n{"x"}\n', ("None of the 2 rows", "not JSON")),
    Refused(
        "an answer left open",
        [{"prompt": [user(), reply("x")], "completion": GOOD, "label": 1}],
        ("ends with an answer",),
    ),
]
