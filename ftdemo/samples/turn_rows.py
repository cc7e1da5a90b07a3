"""Files with one turn of a conversation in each row, put together to conversations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ftdemo.files.cells import is_blank, text_of
from ftdemo.files.rows import Row
from ftdemo.samples.columns import CONVERSATION_NAMES, find_column
from ftdemo.samples.messages import ROLES
from ftdemo.samples.shapes import is_usable

_ROLE_NAMES = ("role", "from", "speaker", "sender", "author")
_TEXT_NAMES = ("content", "text", "value", "message", "utterance", "body")
_ORDER_NAMES = (
    "turn",
    "turn_id",
    "turn_index",
    "turn_number",
    "message_index",
    "index",
    "position",
    "seq",
    "order",
)
_FIT = 0.9


class TurnColumns(NamedTuple):
    """The columns of a file with one turn in each row.

    Args:
        role: who speaks.
        text: what is said.
        conversation: the conversation it belongs to; None if all rows are of one.
        order: its place in there; None if that of the row counts.
        message: its own name, by which `parent` tells what it replies to.
        parent: what it replies to.
    """

    role: str
    text: str
    conversation: str | None
    order: str | None
    message: str | None
    parent: str | None


def turn_columns(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> TurnColumns | None:
    """The columns of a file with one turn in each row, or None if it is another kind of file.

    Args:
        columns: the columns there are.
        rows: the cells of some rows.
    """
    role, text = find_column(columns, _ROLE_NAMES), find_column(columns, _TEXT_NAMES)
    if role is None or text is None or is_usable([name for name in columns if name not in (role, text)]):
        return None
    said_by = [text_of(row[role]).strip().lower() for row in rows if not is_blank(row.get(role))]
    if not said_by or sum(word in ROLES for word in said_by) < _FIT * len(said_by):
        return None
    conversation = find_column(columns, CONVERSATION_NAMES)
    if conversation is None:
        # Numbers that come again are those of conversations.
        named = find_column(columns, ("id",))
        values = [text_of(row.get(named)) for row in rows] if named else []
        conversation = named if len(set(values)) < len(values) else None
    message, parent = find_column(columns, ("message_id",)), find_column(columns, ("parent_id",))
    order = find_column(columns, _ORDER_NAMES)
    tree = (message, parent) if message and parent else (None, None)
    return TurnColumns(role, text, conversation, order, *tree)


def conversations(rows: Iterable[Row], columns: TurnColumns) -> Iterator[Row]:
    """The conversations of a file with one turn in each row, each as one row with the number of its first.

    Rows that cannot be read come as they are. All turns are held in memory: those of one conversation need
    not follow one another.
    """
    found: dict[str, list[Row]] = {}
    part = 0
    for row in rows:
        if row.cells is None:
            yield row
            continue
        name = text_of(row.cells.get(columns.conversation)) if columns.conversation else ""
        if not columns.conversation and columns.parent is None:
            role = ROLES.get(text_of(row.cells.get(columns.role)).strip().lower())
            before = found.get(str(part))
            # Without names of conversations, each begins with what the model is told.
            part += bool(before) and role == "system"
            name = str(part)
        found.setdefault(name, []).append(row)
    for turns in found.values():
        cells = _tree(turns, columns) if columns.parent else _in_order(turns, columns)
        yield Row(turns[0].number, cells, lines=len(turns), place=turns[0].place)


def _in_order(turns: Sequence[Row], columns: TurnColumns) -> dict[str, Any]:
    all_cells = [row.cells or {} for row in turns]
    order = columns.order
    if order is not None:
        all_cells.sort(key=lambda cells: _place(cells.get(order)))
    messages = [
        {**cells, "role": cells.get(columns.role), "content": cells.get(columns.text)} for cells in all_cells
    ]
    first = {name: value for name, value in all_cells[0].items() if name in ("split", "system")}
    return {**first, "messages": messages}


def _tree(turns: Sequence[Row], columns: TurnColumns) -> dict[str, Any]:
    """A tree of replies as `nested.tree` reads it."""
    nodes: dict[str, dict[str, Any]] = {}
    for row in turns:
        cells = dict(row.cells or {})
        cells["text"], cells["replies"] = cells.get(columns.text), []
        nodes[text_of(cells.get(columns.message or ""))] = cells
    root: dict[str, Any] | None = None
    for node in nodes.values():
        parent = nodes.get(text_of(node.get(columns.parent or "")))
        if parent is not None and parent is not node:
            parent["replies"].append(node)
        elif root is None:
            root = node
    return {"message_tree_id": turns[0].number, "prompt": root or {}}


def _place(value: Any) -> tuple[float, str]:
    text = text_of(value)
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text
