"""What the cases of files are made of: builders, and the texts in them."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Q = "Who are you?"
A = "I am a bot."


@dataclass(frozen=True)
class Good:
    """A file that gives samples.

    Args:
        pairs: question and answer of each sample.
        kinds: kinds of problems and warnings there are.
        options: arguments of `check`.
        extra: further facts of the report, by attribute.
    """

    id: str
    content: bytes | Callable[[], bytes]
    pairs: list[tuple[str, str]]
    kinds: set[str] = field(default_factory=set)
    options: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bad:
    """A file that cannot be used.

    Args:
        says: part of the error's message.
        options: arguments of `check`.
    """

    id: str
    content: bytes | Callable[[], bytes]
    says: str
    options: dict[str, Any] = field(default_factory=dict)


def excel(*rows: list[Any], merge: str | None = None, title: str = "Sheet") -> Callable[[], bytes]:
    def build() -> bytes:
        import openpyxl

        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.title = title
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
        buffer = io.BytesIO()
        workbook.save(buffer)
        return buffer.getvalue()

    return build


def excel_second_sheet() -> bytes:
    import openpyxl

    workbook = openpyxl.Workbook()
    second = workbook.create_sheet("data")
    second.append(["question", "answer"])
    second.append([Q, A])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def parquet(rows: list[dict[str, Any]]) -> Callable[[], bytes]:
    def build() -> bytes:
        import pyarrow
        import pyarrow.parquet

        buffer = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), buffer)
        return buffer.getvalue()

    return build


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


def lines(*records: Any) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


ONE = [(Q, A)]
TWO = [(Q, A), ("How old?", "Two.")]
CHINESE = [("你是谁？", "我是一个机器人。"), ("天气怎么样？", "今天天气很好。")]
CHINESE_CSV = "问题,答案\n你是谁？,我是一个机器人。\n天气怎么样？,今天天气很好。\n"
FRENCH = [("Où es-tu né ?", "À Genève, près du café."), ("Ça va ?", "Très bien, même l'été.")]
FRENCH_CSV = "question;answer\nOù es-tu né ?;À Genève, près du café.\nÇa va ?;Très bien, même l'été.\n"
TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": Q}]
CHOSEN, REJECTED = "I am a bot.", "Go away."
USER, REPLY = {"role": "user", "content": Q}, {"role": "assistant", "content": A}
TALK = [USER, REPLY, {"role": "user", "content": "How old?"}, {"role": "assistant", "content": "Two."}]
RECORDS = [{"question": question, "answer": answer} for question, answer in TWO]
TOOLS = [{"type": "function", "function": {"name": "hours", "parameters": {"type": "object"}}}]


def asked(**further: Any) -> dict[str, Any]:
    return {"question": Q, "answer": A, **further}


def document(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def said(*texts: str, roles: tuple[str, str] = ("user", "assistant")) -> list[dict[str, Any]]:
    return [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]
