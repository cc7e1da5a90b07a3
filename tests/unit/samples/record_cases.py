"""Files whose records lie within others, or in several rows."""

from tests.unit.samples.case_parts import (
    ONE,
    RECORDS,
    REPLY,
    TALK,
    TOOLS,
    TURNS,
    TWO,
    USER,
    A,
    Good,
    Q,
    asked,
    document,
    lines,
    said,
)

SQUAD = {
    "version": "1.1",
    "data": [
        {
            "title": "Graz",
            "paragraphs": [
                {
                    "context": "Graz lies on the Mur.",
                    "qas": [
                        {
                            "id": "1",
                            "question": "Where is Graz?",
                            "answers": [{"text": "on the Mur", "answer_start": 10}],
                        },
                        {"id": "2", "question": "Who rules?", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ],
}

TREE = {
    "message_tree_id": "t",
    "prompt": {
        "text": Q,
        "role": "prompter",
        "replies": [
            {"text": "Nobody.", "role": "assistant", "rank": 1, "replies": []},
            {
                "text": A,
                "role": "assistant",
                "rank": 0,
                "replies": [
                    {
                        "text": "How old?",
                        "role": "prompter",
                        "replies": [{"text": "Two.", "role": "assistant", "rank": None, "replies": []}],
                    }
                ],
            },
        ],
    },
}

FLAT_TREE = [
    {"message_id": "m1", "parent_id": None, "message_tree_id": "m1", "text": Q, "role": "prompter"},
    {
        "message_id": "m2",
        "parent_id": "m1",
        "message_tree_id": "m1",
        "text": A,
        "role": "assistant",
        "rank": 0,
    },
    {
        "message_id": "m3",
        "parent_id": "m1",
        "message_tree_id": "m1",
        "text": "No.",
        "role": "assistant",
        "rank": 1,
    },
]

MOSS = {
    "conversation_id": 1,
    "meta_instruction": "Be brief.",
    "num_turns": 1,
    "chat": {
        "turn_1": {
            "Human": f"<|Human|>: {Q}<eoh>\n",
            "Inner Thoughts": "<|Inner Thoughts|>: None<eot>\n",
            "Commands": "<|Commands|>: None<eoc>\n",
            "Tool Responses": "<|Results|>: None<eor>\n",
            "MOSS": f"<|MOSS|>: {A}<eom>\n",
        }
    },
}

TAKEN_APART = [
    # A record that can be used is never taken apart
    Good(
        "tools beside messages",
        lines(*[{"messages": said(q, a), "tools": TOOLS} for q, a in TWO]),
        TWO,
        extra={"unused_columns": ("tools",), "format": "jsonl"},
    ),
    Good("tools before messages", lines({"tools": TOOLS, "messages": [USER, REPLY]}), ONE),
    Good("tools beside messages in a list", document([{"messages": [USER, REPLY], "tools": TOOLS}]), ONE),
    Good("one record with tools over lines", document({"tools": TOOLS, "messages": [USER, REPLY]}), ONE),
    Good(
        "sources of an answer",
        lines(asked(answers=[A, "Bot."], ctxs=[{"title": "t", "text": "x"}])),
        ONE,
        extra={"unused_columns": ("answers", "ctxs")},
    ),
    Good(
        "sources before the question",
        lines({"ctxs": [{"question": "x", "answer": "y"}], "question": Q, "target": A}),
        ONE,
    ),
    Good(
        "one object with lists",
        document(asked(tags=["a"], refs=[{"title": "t"}])),
        ONE,
        extra={"rows_read": 1},
    ),
    Good("follow-ups", lines(asked(followups=[{"question": "x", "answer": "y"}])), ONE),
    Good(
        "self-instruct",
        lines({"instruction": "Translate.", "instances": [{"input": "Good morning", "output": "Bonjour"}]}),
        [("Translate.\n\nGood morning", "Bonjour")],
        extra={"shape": "self-instruct"},
    ),
    Good(
        "self-instruct of two",
        document(
            [
                {
                    "instruction": "Add.",
                    "instances": [{"input": "1, 2", "output": "3"}, {"input": "", "output": "0"}],
                }
            ]
        ),
        [("Add.\n\n1, 2", "3"), ("Add.", "0")],
        extra={"rows_kept": 1, "replies": 2},
    ),
    # Records within objects
    Good("wrapped twice", document({"meta": {"by": "x"}, "data": {"items": RECORDS}}), TWO),
    Good(
        "rows of a viewer",
        document({"rows": [{"row_idx": 0, "row": RECORDS[0]}], "features": [{"name": "question"}]}),
        ONE,
    ),
    Good(
        "parts of a data set",
        document({"train": RECORDS, "test": [{"question": "x", "answer": "y"}]}),
        [*TWO, ("x", "y")],
        extra={"splits": {"train": 2, "held_out": 1}},
    ),
    Good(
        "parts within data",
        document({"data": {"train": RECORDS[:1], "validation": RECORDS[1:]}}),
        TWO,
        extra={"splits": {"train": 1, "held_out": 1}},
    ),
    Good(
        "a long part of a data set",
        document(
            {
                "train": [asked(id=at) | {"question": f"Is it {at}?"} for at in range(1200)],
                "test": RECORDS[1:],
            }
        ),
        [*((f"Is it {at}?", A) for at in range(1200)), *TWO[1:]],
        extra={"splits": {"train": 1200, "held_out": 1}},
    ),
    Good("keyed by number", document({str(at): record for at, record in enumerate(RECORDS)}), TWO),
    Good("keyed by name", document({"a7": RECORDS[0], "b9": RECORDS[1]}), TWO),
    Good("answers by question", document({f"{question}": answer for question, answer in TWO}), TWO),
    Good(
        "answers by question in Chinese", document({"盒子在哪里": "在这里。"}), [("盒子在哪里", "在这里。")]
    ),
    Good("list of conversations", document([[USER, REPLY], TALK[2:]]), TWO),
    Good("one conversation", document(TALK), TWO, extra={"rows_read": 1, "replies": 2}),
    Good("conversation a line", lines([USER, REPLY], TALK[2:]), TWO, extra={"format": "jsonl"}),
    Good(
        "wrapped conversations",
        document({"conversations": [{"messages": [USER, REPLY]}, {"messages": TALK[2:]}]}),
        TWO,
    ),
    Good("list of lists within", document({"conversations": [[USER, REPLY], TALK[2:]]}), TWO),
    Good(
        "intents",
        document({"intents": [{"tag": "who", "patterns": [Q, "Your name?"], "responses": [A]}]}),
        [(Q, A), ("Your name?", A)],
        extra={"shape": "intents", "rows_kept": 1},
    ),
    Good(
        "intents with two responses",
        lines({"tag": "who", "patterns": [Q], "responses": [A, "Guess."]}),
        [(Q, A), (Q, "Guess.")],
    ),
    Good(
        "squad",
        document(SQUAD),
        [("Where is Graz?\n\nGraz lies on the Mur.", "on the Mur")],
        {"no answer"},
        extra={"shape": "squad"},
    ),
    Good(
        "flat squad",
        lines({"context": "C.", "question": Q, "answers": {"text": [A], "answer_start": [1]}}),
        [(f"{Q}\n\nC.", A)],
    ),
    Good("natural questions", lines({"question": Q, "answer": [A]}), ONE),
    Good("several answers", lines({"question": Q, "answer": [A, "Bot."]}), ONE, {"several answers"}),
    Good("aliases", lines({"question": Q, "answer": {"value": A, "aliases": ["x"]}}), [(Q, A)]),
    Good("tree of replies", lines(TREE), TWO, {"other replies"}, extra={"shape": "oasst trees"}),
    Good("tree in rows", lines(*FLAT_TREE), ONE, {"other replies"}, extra={"rows_read": 3, "rows_kept": 3}),
    Good("moss", document([MOSS]), ONE, extra={"shape": "moss"}),
    Good(
        "moss text",
        lines({"plain_text": f"[Human]: {Q}<eoh> [MOSS]: {A}<eoa>"}),
        ONE,
        extra={"shape": "moss"},
    ),
    Good(
        "xtuner",
        document(
            [
                {
                    "conversation": [
                        {"system": "S", "input": Q, "output": A},
                        {"input": "How old?", "output": "Two."},
                    ]
                }
            ]
        ),
        TWO,
        extra={"shape": "xtuner"},
    ),
    Good(
        "firefly",
        lines({"conversation_id": 1, "category": "x", "conversation": [{"human": Q, "assistant": A}]}),
        ONE,
    ),
    Good(
        "gemini",
        lines(
            {
                "systemInstruction": {"role": "system", "parts": [{"text": "S"}]},
                "contents": [
                    {"role": "user", "parts": [{"text": Q}]},
                    {"role": "model", "parts": [{"text": A}]},
                ],
            }
        ),
        ONE,
        extra={"shape": "gemini", "unused_columns": ()},
    ),
    Good("texts by turns", lines({"dialog": [Q, A, "How old?", "Two."]}), TWO, extra={"shape": "dialogue"}),
    Good("pairs by turns", lines({"conversations": [[Q, A], ["How old?", "Two."]]}), TWO),
]
TURN_ROWS = [
    Good(
        "turns by conversation",
        lines(
            *[
                {"conversation_id": at, **turn}
                for turns in zip(said(Q, A), said("How old?", "Two."), strict=True)
                for at, turn in enumerate(turns)
            ]
        ),
        TWO,
        extra={"shape": "one turn a row", "rows_read": 4, "rows_kept": 4},
    ),
    Good("turns in a table", f"session_id,turn,speaker,text\n1,2,bot,{A}\n1,1,customer,{Q}\n".encode(), ONE),
    Good("turns without a name", lines(*TALK), TWO, extra={"rows_read": 4, "rows_kept": 4}),
    Good("turns after system turns", lines(TURNS[0], USER, REPLY, TURNS[0], *TALK[2:]), TWO),
    Good(
        "turns without a reply",
        lines(
            {"conversation_id": 1, **USER}, {"conversation_id": 1, **REPLY}, {"conversation_id": 2, **USER}
        ),
        ONE,
        {"no answer"},
        extra={"rows_read": 3, "rows_kept": 2},
    ),
]
RECORDS_GOOD = [*TAKEN_APART, *TURN_ROWS]
