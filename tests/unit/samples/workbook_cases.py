"""Parquet files and workbooks, made by their own libraries."""

import io
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from tests.unit.samples.case_parts import ONE, TURNS, TWO, A, Bad, Good, Q, excel, excel_second_sheet, parquet


def sheets(**named: list[list[Any]]) -> Callable[[], bytes]:
    """A workbook; sheets whose names begin with 'hidden' are hidden."""

    def build() -> bytes:
        import openpyxl

        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for name, rows in named.items():
            sheet = workbook.create_sheet(name)
            sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
            for row in rows:
                sheet.append(row)
        buffer = io.BytesIO()
        workbook.save(buffer)
        return buffer.getvalue()

    return build


def formatted(*cells: tuple[Any, str]) -> Callable[[], bytes]:
    """A workbook with a question for each value and number format."""

    def build() -> bytes:
        import openpyxl

        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.append(["question", "answer"])
        for number, (value, form) in enumerate(cells, start=2):
            sheet.append([f"Box {number}?", value])
            sheet.cell(number, 2).number_format = form
        buffer = io.BytesIO()
        workbook.save(buffer)
        return buffer.getvalue()

    return build


HEADER = ["Question", "Answer"]
SHOWN = [
    (0.19, "0%", "19%"),
    (0.1234, "0.00%", "12.34%"),
    (1250, '"€"#,##0.00', "€1,250.00"),
    (1234.5, "#,##0.00\\ [$€-407]", "1,234.50 €"),
    (42, "0000", "0042"),
    (-5, "#,##0_);(#,##0)", "(5)"),
    (3.50, "General", "3.5"),
    (datetime(2024, 3, 5), "DD.MM.YYYY", "05.03.2024"),
    (datetime(2024, 3, 5, 14, 5), "yyyy-mm-dd hh:mm", "2024-03-05 14:05"),
    (datetime(2024, 3, 5, 14, 5), "h:mm AM/PM", "2:05 PM"),
    (datetime(2024, 3, 5), "mm-dd-yy", "2024-03-05"),
    (time(9, 30), "HH:MM", "09:30"),
    (timedelta(hours=30), "[h]:mm", "30:00"),
    (True, "General", "TRUE"),
    ("0042", "@", "0042"),
]
"""Values with their number formats, and how a spreadsheet shows them."""

WORKBOOKS = [
    Good(
        "numbers as they are shown",
        formatted(*((value, form) for value, form, _ in SHOWN)),
        [(f"Box {number}?", text) for number, (_, _, text) in enumerate(SHOWN, start=2)],
    ),
    Good("two sheets alike", sheets(Sales=[HEADER, [Q, A]], Support=[HEADER, ["How old?", "Two."]]), TWO),
    Good(
        "sheets of unlike columns",
        sheets(Sales=[HEADER, [Q, A]], Support=[[*HEADER, "Author"], ["How old?", "Two.", "x"]]),
        TWO,
    ),
    Good(
        "broken row of the second sheet", sheets(a=[HEADER, [Q, A]], b=[HEADER, ["x", None]]), ONE, {"empty"}
    ),
    Good("hidden sheet first", sheets(hidden=[HEADER, ["old", "draft"]], FAQ=[HEADER, [Q, A]]), ONE),
    Good("cover sheet first", sheets(Cover=[["Our FAQ"], ["2024"]], FAQ=[HEADER, [Q, A]]), ONE),
    Good("list of prices beside", sheets(FAQ=[HEADER, [Q, A]], Prices=[["Item", "Price"], ["x", 1]]), ONE),
    Good("sheet named", sheets(a=[HEADER, ["x", "y"]], b=[HEADER, [Q, A]]), ONE, options={"sheet": "b"}),
    Good(
        "hidden sheet named",
        sheets(a=[HEADER, ["x", "y"]], hidden=[HEADER, [Q, A]]),
        ONE,
        options={"sheet": "hidden"},
    ),
    Good("escaped characters", sheets(a=[HEADER, [Q, "One_x000D_\ntwo_x005F_x"]]), [(Q, "One\ntwo_x")]),
    # Parquet and Excel
    Good("parquet", parquet([{"question": Q, "answer": A}]), ONE, extra={"format": "parquet"}),
    Good("parquet messages", parquet([{"messages": [*TURNS, {"role": "assistant", "content": A}]}]), ONE),
    Good("parquet numbers", parquet([{"question": "2+2?", "answer": 4}]), [("2+2?", "4")]),
    Good("excel", excel(["question", "answer"], [Q, A]), ONE, extra={"format": "xlsx"}),
    Good(
        "excel numbers",
        excel(["question", "answer"], ["2+2?", 4.0], ["pi?", 3.5]),
        [("2+2?", "4"), ("pi?", "3.5")],
    ),
    Good(
        "excel title and blank rows",
        excel(["FAQ"], [], ["问题", "答案"], [Q, A], [None, None]),
        ONE,
        {"above header"},
    ),
    Good(
        "excel merged",
        excel(["question", "answer"], [Q, A], [None, "again"], merge="A2:A3"),
        [(Q, A), (Q, "again")],
        {"contradiction"},
    ),
    Good(
        "excel formula never worked out",
        excel(["question", "answer"], [Q, A], ["1+1?", "=1+1"]),
        ONE,
        {"empty"},
    ),
    Good("excel second sheet", excel_second_sheet, ONE),
]
WORKBOOKS_BAD = [
    Bad("no such sheet", sheets(a=[HEADER, [Q, A]]), "no sheet 'z'", {"sheet": "z"}),
    Bad("only hidden sheets", sheets(a=[], hidden=[HEADER, [Q, A]]), "no rows"),
]
