"""Which column is the question and which the answer, and what else columns hold: their roles, in any file.

`shapes.py` applies the roles, `conversations.Draft` carries what they gave; readers in `files/` know none.
"""

from collections.abc import Sequence

from ftdemo.errors import FileFormatError

QUESTION_NAMES = (
    "question", "prompt", "instruction", "input", "inputs", "query", "q", "ask", "questions", "user",
    "human", "user_input", "问题", "提问", "问", "指令", "輸入", "输入", "問題", "提問", "pregunta",
    "frage", "вопрос", "domanda", "pergunta", "pytanie", "soru", "質問", "질문", "vraag", "fråga",
    "spørgsmål", "otázka", "kérdés", "întrebare", "pertanyaan", "câu hỏi", "سؤال", "السؤال", "שאלה",
    "प्रश्न", "คำถาม", "питання", "ερώτηση",
)  # fmt: skip
ANSWER_NAMES = (
    "answer", "completion", "response", "output", "reply", "a", "target", "targets", "answers",
    "assistant", "bot", "gpt", "答案", "回答", "答", "回复", "回覆", "输出", "輸出", "respuesta",
    "réponse", "reponse", "antwort", "ответ", "risposta", "resposta", "odpowiedź", "cevap", "yanıt",
    "答え", "답변", "대답", "답", "antwoord", "svar", "odpověď", "válasz", "răspuns", "jawaban",
    "câu trả lời", "جواب", "الجواب", "إجابة", "الإجابة", "תשובה", "उत्तर", "คำตอบ", "відповідь",
    "απάντηση",
)  # fmt: skip
_PEOPLE = ("user", "human")
SPLIT_NAMES = ("split",)
SYSTEM_NAMES = (
    "system", "system_prompt", "system_message", "systeminstruction", "system_instruction",
    "meta_instruction",
)  # fmt: skip
ABOUT_NAMES = ("input", "context", "passage", "background")
"""What a question is about: put below it."""

CONVERSATION_NAMES = (
    "conversation_id", "conversationid", "conv_id", "dialog_id", "dialogue_id", "dialogueid",
    "session_id", "session", "thread_id", "chat_id", "message_tree_id", "conversation", "dialog",
    "dialogue", "thread", "group_id",
)  # fmt: skip
"""What says to which conversation a turn belongs that has a row of its own."""

HISTORY_NAMES = ("history",)
HELD_OUT_VALUES = frozenset(
    {"held_out", "held-out", "heldout", "test", "validation", "valid", "val", "eval", "dev"}
)

ROLES = ("question", "answer", "system", "context", "history", "split", "label", "ignore")
"""What a person can say that a column holds."""


def choose_columns(
    file_name: str,
    columns: Sequence[str],
    question_column: str | None = None,
    answer_column: str | None = None,
) -> tuple[str, str]:
    """Return the names of the question and the answer column.

    Args:
        file_name: for the message.
        columns: the columns there are.
        question_column: the column a person chose, or None to recognise it by its name.
        answer_column: likewise.

    Raises:
        FileFormatError: a column that was chosen is not there, or none is recognised.
    """
    question = _choose(file_name, columns, "question", question_column, find_question(columns))
    answer = _choose(file_name, columns, "answer", answer_column, find_answer(columns))
    if question == answer:
        raise FileFormatError(
            f"The column {question!r} of {file_name} is named as both question and answer.",
            "Name two different columns.",
        )
    return question, answer


def find_question(columns: Sequence[str]) -> str | None:
    """The column of questions by its name, or None.

    One named 'user' is that only beside the assistant's: elsewhere it holds somebody's name.
    """
    asked = find_column(columns, ("assistant", "bot", "gpt"))
    return find_column(columns, [name for name in QUESTION_NAMES if name not in _PEOPLE or asked])


def find_answer(columns: Sequence[str]) -> str | None:
    """The column of answers by its name, or None.

    One named 'a' is that only beside 'q': in a quiz it is the first of the choices.
    """
    beside_q = find_column(columns, ("q",)) and not find_column(columns, ("b",))
    return find_column(columns, [name for name in ANSWER_NAMES if name != "a" or beside_q])


def find_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """The first column whose name is one of `names`, regardless of case; earlier names win."""
    by_lowered = {column.strip().lower(): column for column in reversed(columns)}
    return next((by_lowered[name] for name in names if name in by_lowered), None)


def chosen_column(file_name: str, columns: Sequence[str], chosen: str) -> str:
    """The column a person named, regardless of case and white space around it.

    Raises:
        FileFormatError: there is none; the remedy names those there are.
    """
    column = find_column(columns, [chosen.strip().lower()])
    if column is None:
        raise FileFormatError(
            f"The file {file_name} has no column {chosen!r}.", f"Its columns are: {listed(columns)}."
        )
    return column


def listed(columns: Sequence[str]) -> str:
    """Columns for a message; the first twelve."""
    shown = ", ".join(repr(column[:60]) for column in columns[:12]) or "none"
    return shown + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")


def _choose(file_name: str, columns: Sequence[str], role: str, chosen: str | None, found: str | None) -> str:
    if chosen:
        return chosen_column(file_name, columns, chosen)
    if found is None:
        raise FileFormatError(
            f"The file {file_name} has no {role} column; its columns are: {listed(columns)}.",
            f"Name a column {role!r}, or say which column holds the {role}.",
        )
    return found
