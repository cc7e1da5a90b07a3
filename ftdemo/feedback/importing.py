"""From what a preference file says to feedback in the store."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ftdemo.errors import FileFormatError, UserError
from ftdemo.feedback.forms.judgements import Judgement, Tie
from ftdemo.feedback.full_form import COLUMNS, BrokenRowError, add_answer, add_choices, as_json
from ftdemo.feedback.import_report import KINDS, ImportReport
from ftdemo.feedback.pool import IMPORTED
from ftdemo.feedback.preferences import RatedAnswer
from ftdemo.feedback.reading import PreferenceFile, not_preferences
from ftdemo.files.cells import text_of
from ftdemo.files.rows import Problem, Progress, ReadOptions, watched
from ftdemo.samples.reading import open_source
from ftdemo.samples.tally import Tally
from ftdemo.store import Store
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.feedback import AnswerSnapshot, Choice, ChoiceKind, NewAnswer, Vote, VoteKind

FULL = "this app's export with all that was ever said of each answer"


def is_full_export(path: str | Path, options: ReadOptions) -> bool:
    """Whether a file is a full export, by the columns of its first row."""
    with open_source(path, options) as source:
        first = next((row.cells for row in source.rows if row.cells is not None), None)
    return first is not None and set(COLUMNS) <= set(first)


def add_full_export(
    store: Store, path: str | Path, options: ReadOptions, progress: Progress | None = None
) -> ImportReport:
    """Add the answers of a full export with their voters and times.

    Raises:
        UserError: the file cannot be read, or a row is broken.
    """
    rows = 0
    columns: tuple[str, ...] = ()
    # A choice names the answer on its right, which may stand further down: first all answers.
    for add in (add_answer, add_choices):
        with open_source(path, options) as source:
            rows = 0
            for row in watched(source.rows, source, progress):
                rows += 1
                where = f"Row {row.number} of {source.name}"
                if row.problem is not None or row.cells is None:
                    what = row.problem.message if row.problem else f"{where} cannot be read."
                    raise FileFormatError(what, "Export the feedback again.")
                columns = columns or tuple(row.cells)
                try:
                    add(store, row.cells)
                except BrokenRowError as error:
                    raise FileFormatError(
                        f"{where} is broken: {error}.", "Export the feedback again."
                    ) from None
                except UserError as error:
                    raise FileFormatError(f"{where}: {error.message}", error.remedy) from None
    unused = tuple(column for column in columns if column not in COLUMNS)
    taken = {"answers": rows}
    return ImportReport(source.name, FULL, {FULL: rows}, columns, unused, rows, rows, taken, (), {}, {})


def add_preferences(
    store: Store, path: str | Path, options: ReadOptions, progress: Progress | None = None
) -> ImportReport:
    """Add the preferences of a file in any form that is known, as those of the voter 'imported'.

    Raises:
        UserError: the file cannot be read, or none of its rows says anything.
    """
    file = PreferenceFile(path, options, progress)
    seen = _Seen(file.tally)
    taken: Counter[str] = Counter()
    rows_taken = 0
    for number, judgements in file.rows():
        new = seen.new(number, judgements)
        for judgement in new:
            taken[_add(store, judgement)] += 1
        rows_taken += bool(new)
    if not rows_taken:
        raise not_preferences(file)
    forms = dict(file.forms.most_common())
    return ImportReport(
        file_name=file.name,
        form=next(iter(forms)),
        forms=forms,
        columns=file.columns,
        unused_columns=file.unused_columns,
        rows_read=file.rows_read,
        rows_taken=rows_taken,
        taken={kind: taken[kind] for kind in KINDS if taken[kind]},
        problems=file.tally.problems,
        problem_counts=file.tally.errors,
        warning_counts=file.tally.warnings,
    )


class _Seen:
    """What a file has said so far: rows that say the same again are passed over, contrary ones warned of."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rows: dict[bytes, tuple[int, bytes]] = {}

    def new(self, number: int, judgements: Iterable[Judgement]) -> list[Judgement]:
        """Those of a row's judgements that no earlier row has said; the last of contrary ones counts."""
        new: list[Judgement] = []
        same = contrary = 0
        for judgement in judgements:
            asked, verdict = _digests(judgement)
            earlier, said = self._rows.get(asked, (0, b""))
            if said == verdict:
                same = same or earlier
                continue
            contrary = contrary or earlier
            self._rows[asked] = number, verdict
            new.append(judgement)
        if not new:
            message = f"Row {number} says the same as row {same}."
            self._tally.add(Problem(number, None, "duplicate", message, "Nothing to do: one of them counts."))
        elif contrary:
            message = f"Row {number} says the contrary of row {contrary}; the later one counts."
            self._tally.add(
                Problem(number, None, "contradiction", message, "Keep the right one of them.", "warning")
            )
        return new


def _digests(judgement: Judgement) -> tuple[bytes, bytes]:
    """What a judgement is about, and what it says of that."""
    if isinstance(judgement, RatedAnswer):
        about: list[str] = [judgement.answer]
        verdict = str(judgement.liked)
    elif isinstance(judgement, Tie):
        about, verdict = sorted((judgement.first, judgement.second)), f"tie {judgement.bad}"
    else:
        about, verdict = sorted((judgement.chosen, judgement.rejected)), f"better {judgement.chosen}"
    asked = as_json([[list(turn.values()) for turn in judgement.prompt], about])
    return _digest(asked), _digest(verdict)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=10).digest()


def _add(store: Store, judgement: Judgement) -> str:
    """Add what a row says; returns its kind, one of `KINDS`."""
    if isinstance(judgement, RatedAnswer):
        answer = _imported_answer(store, judgement.prompt, judgement.answer)
        kind: VoteKind = "up" if judgement.liked else "down"
        store.feedback.add(Vote(answer.id, IMPORTED, kind, uid=f"{answer.uid}-{kind}"))
        return f"thumbs_{kind}"
    if isinstance(judgement, Tie):
        choice: ChoiceKind = "bad" if judgement.bad else "tie"
        _add_choice(store, judgement.prompt, judgement.first, judgement.second, choice)
        return "both_bad" if judgement.bad else "ties"
    _add_choice(store, judgement.prompt, judgement.chosen, judgement.rejected, "left")
    return "pairs"


def _add_choice(
    store: Store, prompt: Sequence[ChatMessage], left: str, right: str, choice: ChoiceKind
) -> None:
    one, other = _imported_answer(store, prompt, left), _imported_answer(store, prompt, right)
    uid = f"{one.uid}-{other.uid}" + (f"-{choice}" if choice != "left" else "")
    store.feedback.add(Choice(one.id, other.id, IMPORTED, choice, uid=uid))


def _imported_answer(store: Store, prompt: Sequence[ChatMessage], text: str) -> AnswerSnapshot:
    """An answer of a file, kept under what it says, so that the same is kept once."""
    prompt = tuple({"role": said["role"], "content": text_of(said["content"])} for said in prompt)
    text = text_of(text)
    said = as_json([[list(turn.values()) for turn in prompt], text])
    uid = "file-" + hashlib.sha256(said.encode()).hexdigest()[:24]
    return store.feedback.keep(NewAnswer(prompt, text), uid)
