import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftdemo.errors import FileFormatError, UserError
from ftdemo.feedback import FeedbackLibrary
from ftdemo.feedback.exchange import Form, export_feedback, import_feedback
from ftdemo.feedback.import_report import Imported
from ftdemo.feedback.training_data import preference_data
from ftdemo.files import rows as samples_rows
from ftdemo.store import Store
from ftdemo.store.feedback import Choice, Correction, NewAnswer, Vote

STRANGE = '<script>alert(1)</script> שלום \u202eمرحبا\u202c "q" \\ \0 \r\n\t 安 👩‍👩‍👧'
NOTHING = Imported(0, 0, 0, 0)


@pytest.fixture(params=["jsonl", "parquet"])
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / f"feedback.{request.param}"


@pytest.fixture
def rich(store: Store) -> Store:
    """A store with feedback of every kind, with history."""
    library = FeedbackLibrary(store, {"base": "some/base"}.get)
    chat = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": STRANGE},
    ]
    one = library.add(chat, STRANGE, "base")
    two = library.add(chat, "x" * 100_000, "mine", "job-3")
    three = store.feedback.keep(
        NewAnswer(tuple(chat), "third", "mine", None, {"seed": 3, "temperature": 0.5})
    )
    for kind in ("up", "down", "up"):
        library.vote(kind, "v", answer_id=one.id, reasons=["correct"], comment=STRANGE)
    library.vote("down", "w", answer_id=two.id)
    library.vote("up", "w", answer_id=three.id)
    library.withdraw("w", answer_id=three.id)
    library.correct(STRANGE, "v", answer_id=three.id)
    library.correct(None, "v", answer_id=three.id)
    library.correct("better", "w", answer_id=three.id)
    library.choose("left", "v", answers=(two.id, one.id), comment=STRANGE)
    library.choose("left", "v", answers=(one.id, two.id))
    library.choose("bad", "w", answers=(one.id, three.id))
    return store


def contents(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All that a store knows of feedback, less the numbers it has there only."""
    feedback = store.feedback
    uids = {answer.id: answer.uid for answer in feedback.answers()}

    def said(event: object) -> dict[str, Any]:
        return {name: uids[value] if name.endswith("_id") else value for name, value in vars(event).items()}

    answers = [
        {name: value for name, value in vars(answer).items() if name not in ("id", "message_id")}
        for answer in feedback.answers()
    ]
    found = {"answers": answers}
    kinds: tuple[Any, ...] = (Vote, Correction, Choice)
    for kind in kinds:
        found[kind.__name__] = [said(event) for event in feedback.events(kind)]
        found[f"standing {kind.__name__}"] = [said(event) for event in feedback.standing(kind)]
    return {name: sorted(rows, key=lambda row: row["uid"]) for name, rows in found.items()}


def test_a_full_export_comes_back_as_it_was(rich: Store, tmp_path: Path, file: Path) -> None:
    assert export_feedback(rich, file) == 3
    other = Store(tmp_path / "other" / "ftdemo.db")
    assert import_feedback(other, file).added == Imported(3, 6, 3, 3)
    assert contents(other) == contents(rich)
    assert preference_data(other)[1] == preference_data(rich)[1]
    again = file.with_name(f"again{file.suffix}")
    export_feedback(other, again)
    assert again.read_bytes() == file.read_bytes()


def test_an_import_done_again_adds_nothing(rich: Store, tmp_path: Path, file: Path) -> None:
    export_feedback(rich, file)
    assert import_feedback(rich, file).added == NOTHING
    other = Store(tmp_path / "other" / "ftdemo.db")
    import_feedback(other, file)
    FeedbackLibrary(other).vote("down", "v", answer_id=1)
    assert import_feedback(other, file).added == NOTHING
    assert other.feedback.standing(Vote, 1)[0].vote == "down"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(texts, texts, texts.filter(str.strip), st.sampled_from(["up", "down"]), st.booleans()),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from([".jsonl", ".parquet"]),
)
def test_any_texts_come_back(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str, Any, bool]], ending: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    one, two = Store(folder / "1" / "ftdemo.db"), Store(folder / "2" / "ftdemo.db")
    library = FeedbackLibrary(one)
    for question, answer, correction, kind, withdrawn in said:
        prompt = ({"role": "user", "content": question},)
        kept = one.feedback.keep(NewAnswer(prompt, answer, "base"))
        library.vote(kind, "v", answer_id=kept.id, comment=correction)
        library.correct(correction, "v", answer_id=kept.id)
        if withdrawn:
            library.withdraw("v", answer_id=kept.id)
    export_feedback(one, folder / f"all{ending}")
    import_feedback(two, folder / f"all{ending}")
    assert contents(two) == contents(one)


def test_pairs_are_what_dpo_reads(rich: Store, file: Path) -> None:
    rows = loaded(rich, file, "pairs")
    assert {"prompt", "chosen", "rejected"} <= set(rows[0])
    assert {(row["source"], row["split"]) for row in rows} <= {
        ("choice", "train"), ("correction", "train"), ("choice", "held_out"), ("correction", "held_out"),
    }  # fmt: skip
    (choice,) = (row for row in rows if row["source"] == "choice")
    assert choice["prompt"][-1] == {"role": "user", "content": STRANGE}
    assert choice["chosen"] == [{"role": "assistant", "content": STRANGE}]
    assert choice["rejected"] == [{"role": "assistant", "content": "x" * 100_000}]


def test_thumbs_are_what_kto_reads(rich: Store, file: Path) -> None:
    rows = loaded(rich, file, "thumbs")
    assert {"prompt", "completion", "label"} <= set(rows[0])
    assert {(row["completion"][0]["content"][:5], row["label"]) for row in rows} == {
        ("xxxxx", False),
        ("third", False),
    }


def test_a_full_export_is_read_by_datasets_too(rich: Store, file: Path) -> None:
    rows = loaded(rich, file, "full")
    assert [row["label"] for row in rows] == [True, False, None]
    assert json.loads(rows[0]["votes"])[0]["comment"] == STRANGE


def loaded(store: Store, file: Path, form: str) -> list[dict[str, Any]]:
    """An export as `datasets` reads it, and as TRL sees it."""
    import datasets
    from trl.data_utils import is_conversational

    count = export_feedback(store, file, form)  # type: ignore[arg-type]
    kind = {".jsonl": "json", ".parquet": "parquet"}[file.suffix]
    table = datasets.load_dataset(
        kind, data_files=str(file), split="train", cache_dir=str(file.parent / "cache")
    )
    assert len(table) == count
    assert is_conversational(table[0])
    return list(table)


@pytest.mark.parametrize("form", ["pairs", "thumbs"])
def test_training_forms_come_back_as_imported_preferences(
    rich: Store, tmp_path: Path, file: Path, form: str
) -> None:
    export_feedback(rich, file, form)  # type: ignore[arg-type]
    other = Store(tmp_path / "other" / "ftdemo.db")
    added = import_feedback(other, file).added
    assert (added.choices, added.votes) == ((2, 0) if form == "pairs" else (0, 2))
    assert import_feedback(other, file).added == NOTHING
    mine, theirs = preference_data(rich, held_out=0)[0], preference_data(other, held_out=0)[0]
    if form == "pairs":
        imported = [dataclasses.replace(pair, source="imported") for pair in mine.pairs]
        assert sorted(map(str, imported)) == sorted(map(str, theirs.pairs))
    else:
        assert sorted(map(str, mine.rated)) == sorted(map(str, theirs.rated))


def test_contradictions_in_a_file_are_imported_once(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "both.jsonl"
    rows = [{"prompt": "q", "chosen": "a", "rejected": "b"}, {"prompt": "q", "chosen": "b", "rejected": "a"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert import_feedback(store, path).added == Imported(2, 0, 0, 2)
    assert import_feedback(store, path).added == NOTHING
    (pair,) = preference_data(store)[0].pairs
    assert pair.chosen == "b"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"uid": ""}, "it has no uid"),
        ({"completion": []}, "its completion has no message"),
        ({"prompt": "Hi"}, "its prompt cannot be read"),
        ({"votes": "{"}, "its votes cannot be read"),
        ({"votes": '[{"vote": "sideways"}]'}, "no vote 'sideways'"),
        ({"votes": '[{"vote": "up", "reasons": ["ugly"]}]'}, "no reason 'ugly'"),
        ({"votes": '[{"vote": "up", "reasons": [], "voter": "v"}]'}, "it has no uid"),
        ({"created_at": "yesterday"}, "'yesterday' is no time"),
        ({"created_at": "2024-01-01T00:00:00.000+01:00"}, "is no time in UTC"),
        ({"choices": '[{"right": "nobody"}]'}, "names no other answer"),
        ({"corrections": json.dumps([{"text": "x" * 10_001}])}, "correction has 10,001"),
        ({"model": 7}, "its model is no text"),
    ],
)
def test_a_broken_row_is_named_and_nothing_is_added(
    rich: Store, tmp_path: Path, changes: dict[str, Any], error: str
) -> None:
    file = tmp_path / "feedback.jsonl"
    export_feedback(rich, file)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    rows[2] = {**rows[2], **changes}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    other = Store(tmp_path / "other" / "ftdemo.db")
    with pytest.raises(FileFormatError, match=f"Row 3 of feedback.jsonl.*{error}"):
        import_feedback(other, file)
    assert other.feedback.totals() == {"answers": 0, "votes": 0, "corrections": 0, "choices": 0}


def test_exports_that_cannot_be(rich: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be written to all\.csv"):
        export_feedback(rich, tmp_path / "all.csv")
    with pytest.raises(UserError, match="no form 'some'"):
        export_feedback(rich, tmp_path / "all.jsonl", "some")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="cannot be written"):
        export_feedback(rich, tmp_path / "no" / "all.jsonl")
    with pytest.raises(FileFormatError, match="not preferences"):
        (tmp_path / "plain.csv").write_text("question,answer\na,b\n")
        import_feedback(rich, tmp_path / "plain.csv")


def test_no_feedback_is_an_empty_file(store: Store, file: Path) -> None:
    assert export_feedback(store, file) == 0
    assert file.is_file()


@pytest.mark.parametrize("form", ["full", "thumbs"])
@pytest.mark.parametrize("last", [False, True])
def test_a_cancelled_import_leaves_nothing(
    rich: Store, file: Path, tmp_path: Path, form: Form, last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples_rows, "PROGRESS_EVERY", often := 25)
    library = FeedbackLibrary(rich)
    for number in range(often):
        library.say(f"q{number}", "a", "v", vote="up")
    rows = export_feedback(rich, file, form)

    def cancel(read: int, share: float | None) -> None:
        if read == (rows if last else often):
            raise UserError("Cancelled.", "Nothing was saved.")

    other = Store(tmp_path / "other.db")
    with pytest.raises(UserError, match="Cancelled"):
        import_feedback(other, file, progress=cancel)
    assert other.feedback.totals() == vars(NOTHING)
    assert list(other.feedback.answers()) == []
    brought = import_feedback(other, file).added
    assert brought.answers == rows
