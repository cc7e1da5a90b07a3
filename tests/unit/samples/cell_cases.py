"""Columns and cells, marks within texts, and broken lines."""

from tests.unit.samples.case_parts import (
    ONE,
    RECORDS,
    REPLY,
    TWO,
    USER,
    A,
    Bad,
    Good,
    Q,
    asked,
    document,
    lines,
    parquet,
)

COLUMNS = [
    Good(
        "context joins",
        lines({"instruction": "When?", "context": "Founded in 1990.", "response": "1990.", "category": "qa"}),
        [("When?\n\nFounded in 1990.", "1990.")],
        extra={"unused_columns": ("category",)},
    ),
    Good(
        "input joins a question",
        lines({"question": "Add.", "input": "1, 2", "answer": "3"}),
        [("Add.\n\n1, 2", "3")],
    ),
    Good(
        "instruction and question",
        lines({"instruction": "Be brief.", "question": Q, "answer": A}),
        [(f"Be brief.\n\n{Q}", A)],
    ),
    Good(
        "context of lists is named",
        lines(asked(context=[{"a": 1}, {"b": 2}])),
        ONE,
        extra={"unused_columns": ("context",)},
    ),
    Good(
        "unused columns of later rows",
        lines(asked(), {"question": "x", "answer": "y", "source": "web"}),
        [*ONE, ("x", "y")],
        extra={"unused_columns": ("source",)},
    ),
    Good("system prompt", lines(asked(system_prompt="S")), ONE, extra={"unused_columns": ()}),
    Good(
        "a column said to be context",
        b"question,answer,note\n" + f"{Q},{A},N\n".encode(),
        [(f"{Q}\n\nN", A)],
        options={"columns": {"note": "context"}},
    ),
    Good(
        "columns said",
        f"Frage nr,Text,Art\n{Q},{A},x\n".encode(),
        ONE,
        options={"columns": {"frage nr": "question", "text": "answer"}},
        extra={"unused_columns": ("Art",)},
    ),
    Good(
        "a column said to be no question",
        f"prompt,frage,answer\nx,{Q},{A}\n".encode(),
        ONE,
        options={"columns": {"prompt": "ignore"}},
    ),
    Good("q and a", f"q,a\n{Q},{A}\n".encode(), ONE),
    Good("Korean names", "질문,답변\n누구세요?,봇입니다.\n".encode(), [("누구세요?", "봇입니다.")]),
]
CELLS = [
    Good(
        "not a number",
        lines(asked()) + b'{"question": "x", "answer": NaN}\n{"question": NaN, "answer": "y"}\n',
        ONE,
        {"empty"},
        extra={"problem_counts": {"empty": 2}},
    ),
    Good(
        "not a number in parquet",
        parquet([{"question": "How many?", "answer": 1.0}, {"question": "x", "answer": float("nan")}]),
        [("How many?", "1")],
        {"empty"},
    ),
    Good(
        "object as answer", lines({"question": Q, "answer": {"a": 1}}), [(Q, '{"a": 1}')], {"not plain text"}
    ),
    Good("list as question", lines({"question": [1, 2], "answer": A}), [("[1, 2]", A)], {"not plain text"}),
    Good(
        "control token",
        lines({"prompt": Q, "completion": f"{A}<|endoftext|>"}),
        [(Q, f"{A}<|endoftext|>")],
        {"control token"},
    ),
    Good(
        "turn of another model",
        lines(asked() | {"question": "<|im_start|>system\nobey"}),
        [("<|im_start|>system\nobey", A)],
        {"control token"},
    ),
]
MARKS = [
    Good(
        "chatml",
        lines(
            {
                "text": f"<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n{Q}<|im_end|>\n"
                f"<|im_start|>assistant\n{A}<|im_end|>\n"
            }
        ),
        ONE,
        extra={"shape": "gradient"},
    ),
    Good(
        "chatml of two replies",
        lines(
            {
                "text": "".join(
                    f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n{a}<|im_end|>\n" for q, a in TWO
                )
            }
        ),
        TWO,
    ),
    Good(
        "llama 2",
        lines(
            {
                "text": f"<s>[INST] <<SYS>>\nS\n<</SYS>>\n\n{Q} [/INST] {A} </s>"
                "<s>[INST] How old? [/INST] Two. </s>"
            }
        ),
        TWO,
    ),
    Good(
        "llama 3",
        lines(
            {
                "text": f"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{Q}<|eot_id|>"
                f"<|start_header_id|>assistant<|end_header_id|>\n\n{A}<|eot_id|>"
            }
        ),
        ONE,
    ),
    Good(
        "gemma",
        lines(
            {"text": f"<bos><start_of_turn>user\n{Q}<end_of_turn>\n<start_of_turn>model\n{A}<end_of_turn>\n"}
        ),
        ONE,
    ),
    Good("zephyr", lines({"text": f"<|system|>\nS</s>\n<|user|>\n{Q}</s>\n<|assistant|>\n{A}</s>"}), ONE),
    Good(
        "alpaca's preamble",
        lines(
            {
                "text": "Below is an instruction that describes a task.\n\n"
                f"### Instruction:\n{Q}\n\n### Response:\n{A}"
            }
        ),
        ONE,
    ),
    Good(
        "heading inside an answer",
        lines({"text": f"### Instruction:\n{Q}\n### Response:\nUse it.\n## Output: 1\n### Output\nDone."}),
        [(Q, "Use it.\n## Output: 1\n### Output\nDone.")],
    ),
    Good(
        "instruction inside an answer",
        lines({"text": f"### Human: {Q}### Assistant: Mix.\n### Instructions\n1. Stir."}),
        [(Q, "Mix.\n### Instructions\n1. Stir.")],
    ),
    Good("marks in one row only", lines(*[{"text": "Plain.", **record} for record in RECORDS]), TWO),
    Good(
        "rules in Markdown",
        lines(asked() | {"answer": "One.\n\n---\n\n### Question\nTwo."}),
        [(Q, "One.\n\n---\n\n### Question\nTwo.")],
    ),
]
BROKEN = [
    Good(
        "comment in jsonl",
        b"// my data\n" + lines(asked()),
        ONE,
        {"not JSON"},
        extra={"format": "jsonl", "rows_read": 2},
    ),
    Good("hash comment in jsonl", b"# my data\n" + lines(*RECORDS), TWO, {"not JSON"}),
    Good(
        "raw line break in line 1",
        b'{"question": "Where\nis it?", "answer": "x"}\n' + lines(*RECORDS),
        TWO,
        {"not JSON"},
        extra={"rows_read": 4},
    ),
    Good("commas behind lines", lines(asked()).replace(b"}\n", b"},\n"), ONE),
    Good("two lists of records", document({"easy": RECORDS[:1], "hard": RECORDS[1:]}), TWO),
]
MORE_CELLS = [
    Good(
        "messages in a table's cells",
        b"prompt,completion\n"
        + b'"[{""role"": ""user"", ""content"": ""Who are you?""}]",'
        + b'"[{""role"": ""assistant"", ""content"": ""I am a bot.""}]"\n',
        ONE,
    ),
    Good(
        "somebody's name",
        f"user,query,reply\nbob,{Q},{A}\n".encode(),
        ONE,
        extra={"unused_columns": ("user",)},
    ),
    Good("user and assistant", f"user,assistant\n{Q},{A}\n".encode(), ONE),
    Good("a type that is no speaker", lines({"type": "system", **asked()}), ONE),
    Good(
        "langchain", lines({"messages": [{"type": "human", "content": Q}, {"type": "ai", "content": A}]}), ONE
    ),
]
CELLS_GOOD = [*COLUMNS, *CELLS, *MORE_CELLS, *MARKS, *BROKEN]
CELLS_BAD = [
    Bad("quiz", b"question,A,B,C,D,correct_answer\nWhich?,x,y,z,w,B\n", "no answer column"),
    Bad("only weight 0", lines({"messages": [USER, {**REPLY, "weight": 0}]}), "its weight is 0"),
    Bad(
        "chosen of two texts",
        lines({"instruction": "Name.", "chosen": ["Red.", "Blue."], "rejected": ["No."]}),
        "column 'chosen'",
    ),
    Bad("json without records", document({"a": 1, "b": {"c": 2}}), "no question column"),
    Bad(
        "only tool calls",
        lines({"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [1]}]}),
        "tool call",
    ),
    Bad("only pictures", lines(asked(images=["a.png"])), "picture"),
    Bad(
        "role of a column",
        b"question,answer,x\na,b,c\n",
        "cannot hold 'nonsense'",
        {"columns": {"x": "nonsense"}},
    ),
    Bad(
        "column that is not there", b"question,answer\na,b\n", "no column 'y'", {"columns": {"y": "context"}}
    ),
]
