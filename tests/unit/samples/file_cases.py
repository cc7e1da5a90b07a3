"""Small files of the shapes and with the faults that people's files have, and what is made of each."""

import json

from tests.unit.samples.case_parts import (
    CHINESE,
    CHINESE_CSV,
    CHOSEN,
    FRENCH,
    FRENCH_CSV,
    ONE,
    REJECTED,
    TURNS,
    TWO,
    A,
    Bad,
    Good,
    Q,
    excel,
    lines,
    zipped,
)

GOOD = [
    # Tables of text
    Good("comma", f"question,answer\n{Q},{A}\n".encode(), ONE, extra={"format": "csv"}),
    Good(
        "semicolon with commas in it",
        b"question;answer\nA, B or C?;C, of course\n",
        [("A, B or C?", "C, of course")],
    ),
    Good("tab", f"question\tanswer\n{Q}\t{A}\n".encode(), ONE, extra={"format": "tsv"}),
    Good("bar", f"question|answer\n{Q}|{A}\n".encode(), ONE),
    Good("excel's sep line", f"sep=;\nquestion;answer\n{Q};{A}\n".encode(), ONE),
    Good(
        "byte order mark",
        f"question,answer\n{Q},{A}\n".encode("utf-8-sig"),
        ONE,
        extra={"encoding": "utf-8-sig"},
    ),
    Good("utf-16", f"question\tanswer\n{Q}\t{A}\n".encode("utf-16"), ONE, extra={"encoding": "utf-16"}),
    Good("utf-16 without mark", f"question\tanswer\n{Q}\t{A}\n".encode("utf-16-le"), ONE),
    Good(
        "gb18030",
        CHINESE_CSV.encode("gb18030"),
        CHINESE,
        extra={"encoding": "gb18030", "languages": {"Han": 2}},
    ),
    Good("utf-8 chinese", CHINESE_CSV.encode(), CHINESE, extra={"encoding": "utf-8"}),
    Good("windows-1252", FRENCH_CSV.encode("cp1252"), FRENCH, extra={"encoding": "cp1252"}),
    Good("encoding overruled", FRENCH_CSV.encode("latin-1"), FRENCH, options={"encoding": "iso-8859-1"}),
    Good("crlf", f"question,answer\r\n{Q},{A}\r\n".encode(), ONE),
    Good("old mac line ends", f"question,answer\r{Q},{A}\r".encode(), ONE),
    Good("mixed line ends", f"question,answer\r\n{Q},{A}\nHow old?,Two.\r".encode(), TWO),
    Good("no line end at the end", f"question,answer\n{Q},{A}".encode(), ONE),
    Good("blank lines", f"\n\nquestion,answer\n\n{Q},{A}\n\n\n".encode(), ONE),
    Good("trailing commas", f"question,answer,,\n{Q},{A},,\n".encode(), ONE),
    Good(
        "nested quotes",
        b'question,answer\n"Who said ""hi""?","""I"", he said"\n',
        [('Who said "hi"?', '"I", he said')],
    ),
    Good("line break in a cell", b'question,answer\n"One\ntwo?","yes\r\nno"\n', [("One\ntwo?", "yes\r\nno")]),
    Good("stray quote", f'question,answer\n"a "b" c",d\n{Q},{A}\n'.encode(), ONE, {"quotation mark"}),
    Good("quote never closed", f'question,answer\n{Q},{A}\n"open,x\ny,z\n'.encode(), ONE, {"quotation mark"}),
    Good("title above header", f"FAQ of 2024,\nquestion,answer\n{Q},{A}\n".encode(), ONE, {"above header"}),
    Good("two header rows", f"question,answer\nquestion,answer\n{Q},{A}\n".encode(), ONE, {"header again"}),
    Good("unquoted comma", f"question,answer\n{Q},{A}\nWho?,You, me\n".encode(), ONE, {"too many cells"}),
    Good("too few cells", f"question,answer\n{Q},{A}\nWho?\n".encode(), ONE, {"empty"}),
    Good("numbers as answers", b"question,answer\n2+2?,4\n", [("2+2?", "4")]),
    Good("capital column names", f" Question , ANSWER\n{Q},{A}\n".encode(), ONE),
    Good(
        "other column names",
        f"id,frage nr,text\n1,{Q},{A}\n".encode(),
        ONE,
        options={"question_column": "Frage Nr", "answer_column": "text"},
    ),
    Good("two columns of one name", f"question,answer,answer\n{Q},{A},x\n".encode(), ONE),
    Good("formula kept from running", b"question,answer\n'=1+1,'-2\n", [("=1+1", "-2")]),
    Good("formula as it is", b"question,answer\n=1+1,@x\n", [("=1+1", "@x")]),
    Good(
        "nul byte",
        b"question,answer\nW\x00ho?,I.\n" + b"x,y\n" * 1,
        [("W\x00ho?", "I."), ("x", "y")],
        {"odd characters"},
    ),
    Good("garbled", "question,answer\nCafÃ©?,Oui\n".encode(), [("CafÃ©?", "Oui")], {"odd characters"}),
    Good("duplicate", f"question,answer\n{Q},{A}\n{Q.upper()},{A}\n".encode(), ONE, {"duplicate"}),
    Good(
        "contradiction",
        f"question,answer\n{Q},{A}\n{Q},Nobody.\n".encode(),
        [(Q, A), (Q, "Nobody.")],
        {"contradiction"},
    ),
    Good(
        "personal data",
        b"question,answer\nMail?,jo@example.org\nCard?,4111 1111 1111 1111\n"
        b"Tel?,+49 30 1234567\nYear?,1939-1945\n",
        [
            ("Mail?", "jo@example.org"),
            ("Card?", "4111 1111 1111 1111"),
            ("Tel?", "+49 30 1234567"),
            ("Year?", "1939-1945"),
        ],
        {"personal data"},
        extra={"warning_counts": {"personal data": 3}},
    ),
    Good(
        "split column",
        b"question,answer,split\na,b,train\nc,d,test\n",
        [("a", "b"), ("c", "d")],
        extra={"splits": {"train": 1, "held_out": 1}},
    ),
    Good(
        "named split column",
        b"question,answer,part\na,b,x\nc,d,Dev\n",
        [("a", "b"), ("c", "d")],
        options={"split_column": "part"},
        extra={"splits": {"train": 1, "held_out": 1}},
    ),
    Good("over-long", f"question,answer\n{Q},{A}\nLong?,{'x' * 9000}\n".encode(), ONE, {"over-long"}),
    # JSON and JSONL
    Good("json list", json.dumps([{"question": Q, "answer": A}]).encode(), ONE, extra={"format": "json"}),
    Good(
        "json in an object", json.dumps({"version": 1, "data": [{"question": Q, "answer": A}]}).encode(), ONE
    ),
    Good("one object over lines", json.dumps({"question": Q, "answer": A}, indent=2).encode(), ONE),
    Good(
        "objects over lines",
        (json.dumps({"question": Q, "answer": A}, indent=2) + "\n").encode() * 2,
        ONE,
        {"duplicate"},
    ),
    Good("json columns", json.dumps({"question": [Q, "How old?"], "answer": [A, "Two."]}).encode(), TWO),
    Good("pandas columns", json.dumps({"question": {"0": Q}, "answer": {"0": A}}).encode(), ONE),
    Good("jsonl", lines({"question": Q, "answer": A}), ONE, extra={"format": "jsonl"}),
    Good(
        "jsonl with crlf and blank lines",
        lines({"question": Q, "answer": A}).replace(b"\n", b"\r\n\r\n"),
        ONE,
    ),
    Good(
        "jsonl with a broken line",
        lines({"question": Q, "answer": A}) + b'{"question": "x",}\n',
        ONE,
        {"not JSON"},
    ),
    Good("jsonl with a list in it", lines({"question": Q, "answer": A}, ["x", "y"]), ONE, {"no object"}),
    Good(
        "json numbers",
        lines({"question": "2+2?", "answer": 4}, {"question": "True?", "answer": True}),
        [("2+2?", "4"), ("True?", "true")],
    ),
    Good("json null", lines({"question": Q, "answer": A}, {"question": "x", "answer": None}), ONE, {"empty"}),
    Good(
        "half a character",
        b'{"question": "\\ud83d?", "answer": "x"}\n',
        [("\ufffd?", "x")],
        {"odd characters"},
    ),
    Good("format overruled", f"question\tanswer\n{Q}\t{A}\n".encode(), ONE, options={"file_format": "tsv"}),
    Good(
        "deep line",
        lines({"question": Q, "answer": A}) + b'{"question":' + b"[" * 100_000 + b"\n",
        ONE,
        {"not JSON"},
    ),
    # Record shapes
    Good(
        "alpaca",
        lines({"instruction": "Add.", "input": "1, 2", "output": "3"}),
        [("Add.\n\n1, 2", "3")],
        extra={"shape": "alpaca"},
    ),
    Good("alpaca without input", lines({"instruction": Q, "input": "", "output": A}), ONE),
    Good(
        "alpaca with history",
        lines({"instruction": Q, "output": A, "system": "S", "history": [["a", "b"]]}),
        [("a", "b"), *ONE],
    ),
    Good(
        "sharegpt",
        lines({"conversations": [{"from": "human", "value": Q}, {"from": "gpt", "value": A}]}),
        ONE,
        extra={"shape": "sharegpt"},
    ),
    Good(
        "sharegpt cut off",
        lines(
            {
                "conversations": [
                    {"from": "human", "value": Q},
                    {"from": "gpt", "value": A},
                    {"from": "human", "value": "ok"},
                ]
            }
        ),
        ONE,
        {"cut off"},
    ),
    Good(
        "messages",
        lines({"messages": [*TURNS, {"role": "assistant", "content": A}]}),
        ONE,
        extra={"shape": "messages"},
    ),
    Good(
        "messages over lines",
        json.dumps({"messages": [*TURNS, {"role": "assistant", "content": A}]}, indent=1).encode(),
        ONE,
    ),
    Good(
        "messages in parts",
        lines({"messages": [*TURNS, {"role": "assistant", "content": [{"type": "text", "text": A}]}]}),
        ONE,
    ),
    Good(
        "messages in a table",
        b'messages\n"'
        + json.dumps([*TURNS, {"role": "assistant", "content": A}]).replace('"', '""').encode()
        + b'"\n',
        ONE,
    ),
    Good(
        "tool call",
        lines(
            {"messages": [*TURNS, {"role": "assistant", "content": A}]},
            {"messages": [*TURNS, {"role": "assistant", "content": None, "tool_calls": [1]}]},
        ),
        ONE,
        {"tool call"},
    ),
    Good(
        "prompt and completion",
        lines({"prompt": Q, "completion": A}),
        ONE,
        extra={"shape": "prompt/completion"},
    ),
    Good(
        "prompt and completion in turns",
        lines({"prompt": TURNS, "completion": [{"role": "assistant", "content": A}]}),
        ONE,
    ),
    Good(
        "gradient",
        lines({"inputs": f"### Instruction: {Q} \n\n### Response: {A}"}),
        ONE,
        extra={"shape": "gradient"},
    ),
    Good("gradient on one line", lines({"inputs": f"### Instruction: {Q} ### Response: {A}"}), ONE),
    Good("gradient list of turns", lines({"inputs": [f"### Instruction: {Q}", f"### Response: {A}"]}), ONE),
    Good(
        "gradient list of samples",
        lines({"inputs": [f"### Instruction: {q}\n### Response: {a}" for q, a in TWO]}),
        TWO,
    ),
    Good("gradient plain list", lines({"inputs": [Q, A]}), ONE),
    Good(
        "marked text", lines({"text": f"### Human: {Q}### Assistant: {A}"}), ONE, extra={"shape": "gradient"}
    ),
    Good(
        "preference pairs",
        lines({"prompt": Q, "chosen": CHOSEN, "rejected": REJECTED}),
        ONE,
        extra={"shape": "preference pairs"},
    ),
    Good(
        "preference transcript",
        lines(
            {"chosen": f"\n\nHuman: {Q}\n\nAssistant: {A}", "rejected": f"\n\nHuman: {Q}\n\nAssistant: No."}
        ),
        ONE,
    ),
    Good(
        "preference labels",
        lines(
            {"prompt": Q, "completion": A, "label": True}, {"prompt": "x", "completion": "y", "label": False}
        ),
        ONE,
        {"disliked"},
    ),
]

BAD = [
    Bad("empty", b"", "is empty"),
    Bad("white space", b" \n\t\n", "is empty"),
    Bad("header only", b"question,answer\n", "header at most"),
    Bad("no columns known", b"foo,bar\n1,2\n", "no question column"),
    Bad("no such column", b"question,answer\na,b\n", "no column 'x'", {"question_column": "x"}),
    Bad(
        "one column twice",
        b"question,answer\na,b\n",
        "both question and answer",
        {"question_column": "answer"},
    ),
    Bad("very many columns", b"question,answer" + b",x" * 2000 + b"\n1,2\n", "2,002 columns"),
    Bad("one broken row", b'question,answer\n"a\n', "The only row of file cannot be used"),
    Bad("all broken", b"question,answer\n" + b'"a,b\n' * 500, "None of the first 100 rows of file"),
    Bad("all empty", b"question,answer\nx,\ny,\n", "None of the 2 rows"),
    Bad("zip renamed .csv", zipped(a="x"), "a ZIP archive"),
    Bad(
        "word document",
        zipped(word__document_xml="x").replace(b"document_xml", b"document.xml"),
        "a Word document",
    ),
    Bad("cut zip", zipped(a="x")[:20], "damaged Excel file or ZIP"),
    Bad("old excel", b"\xd0\xcf\x11\xe0" + bytes(600), "old form"),
    Bad("gzip", b"\x1f\x8b\x08\x00" + bytes(30), "gzip"),
    Bad("pdf", b"%PDF-1.7\n", "a PDF"),
    Bad("web page", b"<!DOCTYPE html><html>", "a web page"),
    Bad("picture", b"\x89PNG\r\n\x1a\n", "a picture"),
    Bad("cut parquet", b"PAR1" + bytes(100), "damaged"),
    Bad("random bytes", bytes(range(256)) * 20, "not text"),
    Bad("utf-8 with one bad byte", "question,answer\né,\n".encode() + b"\xff,x\n", "Line 3"),
    Bad("json with trailing comma", b'[\n{"question": "a", "answer": "b"},\n]', "Line 3, column 1"),
    Bad("json cut off", b'[{"question": "a", "ans', "not JSON"),
    Bad("json list of texts", b'["a", "b"]', "not an object"),
    Bad("empty json list", b"[]", "no rows"),
    Bad("deep json", b"[" * 100_000, "nested too deeply"),
    Bad("one giant line", b'{"question": "' + b"x" * 9_000_000, "8,000,000"),
    Bad("giant cell", b"question,answer\n" + b"x" * 9_000_000 + b",y\n", "8,000,000"),
    Bad("only disliked", lines({"prompt": Q, "completion": A, "label": False}), "not liked"),
    Bad("bad label", lines({"prompt": Q, "completion": A, "label": "maybe"}), "label"),
    Bad("no such format", b"x", "no format 'odt'", {"file_format": "odt"}),
    Bad("no such shape", b"question,answer\na,b\n", "no record shape", {"shape": "round"}),
    Bad("no such encoding", b"question,answer\na,b\n", "no text encoding", {"encoding": "klingon"}),
    Bad("not that encoding", "question,answer\né,b\n".encode("cp1252"), "not UTF-8", {"encoding": "utf-8"}),
    Bad("csv forced on a picture", b"\x89PNG\r\n\x1a\n" + bytes(500), "not text", {"file_format": "csv"}),
    Bad("excel forced on text", b"question,answer\na,b\n", "damaged", {"file_format": "xlsx"}),
    Bad("parquet forced on text", b"question,answer\na,b\n", "damaged", {"file_format": "parquet"}),
    Bad("empty excel", excel(), "no rows"),
]
