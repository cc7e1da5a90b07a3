"""Conversations, and what files say of their answers."""

from tests.unit.samples.case_parts import (
    ONE,
    REPLY,
    TALK,
    TURNS,
    TWO,
    USER,
    A,
    Good,
    Q,
    asked,
    document,
    lines,
    parquet,
    said,
)

MESSAGES = [
    Good("all replies", lines({"messages": TALK}), TWO, extra={"replies": 2, "rows_kept": 1}),
    Good(
        "the same beginning twice",
        lines({"messages": TALK}, {"messages": [*TALK[:2], *said("Why?", "Because.")]}),
        [*TWO, ("Why?", "Because.")],
        {"part: duplicate"},
    ),
    Good("the same conversation twice", lines({"messages": TALK}, {"messages": TALK}), TWO, {"duplicate"}),
    Good(
        "input and output messages",
        lines({"input": TURNS, "output": REPLY}),
        ONE,
        extra={"unused_columns": ()},
    ),
    Good("completion as list", lines({"prompt": [USER], "completion": [REPLY]}), ONE),
    Good(
        "part with value",
        lines(
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "value": Q}], "loss_weight": 0.0},
                    {"role": "assistant", "content": [{"type": "text", "value": A}], "loss_weight": 1.0},
                ]
            }
        ),
        ONE,
    ),
    Good(
        "parts as texts",
        lines({"messages": [{"role": "user", "content": [Q]}, {"role": "assistant", "content": [A]}]}),
        ONE,
    ),
    Good(
        "one part",
        lines(
            {
                "messages": [
                    {"role": "user", "content": {"type": "text", "text": Q}},
                    {"role": "assistant", "content": {"parts": [A]}},
                ]
            }
        ),
        ONE,
    ),
    Good(
        "unknown part",
        lines(
            {"messages": [USER, REPLY]},
            {"messages": [USER, {"role": "assistant", "content": [{"type": "hologram", "x": 1}]}]},
        ),
        ONE,
        {"not text"},
    ),
    Good(
        "picture in a message",
        lines(
            {"messages": [USER, REPLY]},
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
                    REPLY,
                ]
            },
        ),
        ONE,
        {"not text"},
    ),
    Good(
        "pictures beside",
        lines(
            {"messages": [USER, REPLY], "images": []},
            {"messages": [{"role": "user", "content": "<image>What?"}, REPLY], "images": ["a.png"]},
        ),
        ONE,
        {"not text"},
    ),
    Good(
        "tool's answer",
        lines({"messages": [USER, REPLY]}, {"messages": [USER, {"role": "tool", "content": "7"}, REPLY]}),
        ONE,
        {"tool call"},
    ),
    Good(
        "function call in sharegpt",
        lines(
            {"conversations": [USER, REPLY]},
            {"conversations": [{"from": "human", "value": "x"}, {"from": "function_call", "value": "f"}]},
        ),
        ONE,
        {"tool call"},
    ),
    Good(
        "unknown speaker",
        lines({"messages": [USER, REPLY]}, {"messages": [USER, {"role": "narrator", "content": "x"}]}),
        ONE,
        {"unknown role"},
    ),
    Good(
        "roles of other tools",
        lines({"conversations": [{"from": "Human", "value": Q}, {"from": "BOT", "value": A}]}),
        ONE,
    ),
    Good("messages as Python writes them", f'messages\n"{[USER, REPLY]!s}"\n'.encode(), ONE),
    Good(
        "parquet messages with empty fields",
        parquet(
            [
                {
                    "messages": [
                        {**USER, "tool_calls": None, "weight": None},
                        {**REPLY, "tool_calls": None, "weight": None},
                    ]
                }
            ]
        ),
        ONE,
    ),
]
DISLIKED = [
    Good(
        "label beside messages",
        document([{"messages": [USER, REPLY], "label": True}, {"messages": said("x", "y"), "label": False}]),
        ONE,
        {"disliked"},
    ),
    Good(
        "kto_tag",
        lines(
            {"instruction": Q, "output": A, "kto_tag": True},
            {"instruction": "x", "output": "y", "kto_tag": False},
        ),
        ONE,
        {"disliked"},
    ),
    Good(
        "label beside question",
        b"question,answer,label\n" + f"{Q},{A},1\n".encode() + b"x,y,0\nz,w,-1\n",
        ONE,
        {"disliked"},
    ),
    Good(
        "thumbs in words",
        lines(asked(feedback="thumbs_up"), {"question": "x", "answer": "y", "feedback": "thumbs_down"}),
        ONE,
        {"disliked"},
    ),
    Good(
        "label not filled",
        lines(asked(label=True), {"question": "x", "answer": "y", "label": None}),
        [*ONE, ("x", "y")],
    ),
    Good(
        "label beside sharegpt",
        lines(
            {"conversations": [{"from": "human", "value": Q}, {"from": "gpt", "value": A}], "kto_tag": 1},
            {"conversations": said("x", "y"), "kto_tag": 0},
        ),
        ONE,
        {"disliked"},
    ),
    Good(
        "class as label",
        lines(
            {"question": "Is it good?", "answer": "positive", "label": "positive"},
            {"question": "Is it bad?", "answer": "negative", "label": "negative"},
        ),
        [("Is it good?", "positive"), ("Is it bad?", "negative")],
        extra={"unused_columns": ("label",)},
    ),
    Good("topic as label", lines(asked(label="geography")), ONE, extra={"unused_columns": ("label",)}),
    Good(
        "reply of weight 0",
        lines({"messages": [USER, REPLY]}, {"messages": [USER, {**REPLY, "content": "No.", "weight": 0}]}),
        ONE,
        {"switched off"},
    ),
    Good(
        "one reply of weight 0",
        lines({"messages": [USER, {**REPLY, "weight": 0}, *TALK[2:]]}),
        TWO[1:],
        {"switched off"},
    ),
    Good(
        "reply not trained",
        lines({"messages": [USER, {**REPLY, "train": False}, *TALK[2:]]}),
        TWO[1:],
        {"switched off"},
    ),
    Good(
        "rejected turn",
        lines(
            {
                "conversations": [
                    {"from": "human", "value": Q},
                    {"from": "chosen", "value": A},
                    {"from": "rejected", "value": "No."},
                ]
            }
        ),
        ONE,
    ),
    Good(
        "only rejected turn",
        lines(
            {"messages": [USER, REPLY]},
            {"conversations": None, "messages": [USER, {"role": "rejected", "content": "No."}]},
        ),
        ONE,
        {"switched off"},
    ),
    Good(
        "multiplier 0", lines(asked(), {"question": "x", "answer": "y", "multiplier": 0}), ONE, {"weight 0"}
    ),
    Good(
        "weight 0", lines(asked(weight=1), {"question": "x", "answer": "y", "weight": 0.0}), ONE, {"weight 0"}
    ),
]
PREFERENCES = [
    Good(
        "chosen as message",
        document(
            [
                {
                    "conversations": [{"from": "human", "value": Q}],
                    "chosen": {"from": "gpt", "value": A},
                    "rejected": {"from": "gpt", "value": "No."},
                }
            ]
        ),
        ONE,
    ),
    Good(
        "chosen with heading",
        lines({"prompt": Q, "chosen": "Flour.\n\n### Instructions\n1. Mix.", "rejected": "No."}),
        [(Q, "Flour.\n\n### Instructions\n1. Mix.")],
    ),
    Good(
        "chosen with a dialogue",
        lines({"prompt": Q, "chosen": "Human: Hello.\n\nAssistant: Good day.", "rejected": "No."}),
        [(Q, "Human: Hello.\n\nAssistant: Good day.")],
    ),
    Good(
        "chosen with an input",
        lines({"instruction": "Translate.", "input": "cat", "chosen": "Katze", "rejected": "?"}),
        [("Translate.\n\ncat", "Katze")],
    ),
    Good("rejected_response", lines({"question": Q, "chosen_response": A, "rejected_response": "No."}), ONE),
    Good(
        "openai preference",
        lines(
            {
                "input": {"messages": [USER], "tools": []},
                "preferred_output": [REPLY],
                "non_preferred_output": [{**REPLY, "content": "No."}],
            }
        ),
        ONE,
    ),
    Good(
        "safe rlhf",
        lines({"prompt": Q, "response_0": "No.", "response_1": A, "better_response_id": 1}),
        ONE,
        extra={"shape": "preference pairs"},
    ),
    Good(
        "arena",
        lines(
            {"conversation_a": [USER, REPLY], "conversation_b": said(Q, "No."), "winner": "model_a"},
            {"conversation_a": said("x", "y"), "conversation_b": said("x", "z"), "winner": "tie"},
        ),
        ONE,
        {"no choice"},
    ),
    Good("stack exchange", lines({"question": Q, "response_j": A, "response_k": "No."}), ONE),
]
MESSAGES_GOOD = [*MESSAGES, *DISLIKED, *PREFERENCES]
