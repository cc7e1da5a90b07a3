"""What the page shows of feedback: nothing that a person or a model wrote becomes HTML."""

from ftdemo.chat.turns import Answer, Turn
from ftdemo.chat.votes import JudgedAnswer, JudgedTurn
from ftdemo.feedback.import_report import Imported, ImportReport
from ftdemo.feedback.training_data import Fit, PreferenceSummary
from ftdemo.files.rows import Problem
from ftdemo.rewards.figures import RewardFigures
from ftdemo.store.feedback import Vote
from ftdemo.ui.align import reward_html
from ftdemo.ui.chat import html as chat_html
from ftdemo.ui.feedback import html as feedback_html

HOSTILE = "<script>alert(1)</script> ![x](http://x/y.png) &amp; \" ' שלום"
SHEET = {
    "pairs": 30,
    "thumbs": 10,
    "held_out_votes": 10,
    "accuracy": 0.9,
    "interval": [0.6, 0.98],
    "chance": 0.5,
    "learned": True,
    "verdict": "9 of 10 held-out votes foreseen",
    "calibration": [{"foretold": 0.8, "came": 1.0, "votes": 5}],
    "histogram": [{"from": -1.0, "to": 0.0, "liked": 1, "disliked": 4}],
    "length_correlation": -0.9,
    "vote_length_correlation": -0.2,
    "mistakes": [
        {"question": HOSTILE, "better": HOSTILE, "worse": HOSTILE, "better_score": -1.0, "worse_score": 0.5}
    ],
}


def turn(place: str = "line", count: int = 1, choice: str | None = None) -> JudgedTurn:
    answers = tuple(
        Answer(f"<b>model{number}</b>", HOSTILE, 5, 1.0, 0.1, "stop", number + 2, place)  # type: ignore[arg-type]
        for number in range(count)
    )
    judged = tuple(
        JudgedAnswer(answer, Vote(1, "me", "up", comment=HOSTILE), HOSTILE, 0.5) for answer in answers
    )
    return JudgedTurn(Turn(1, HOSTILE, answers, number=1), judged, choice)  # type: ignore[arg-type]


def test_nothing_that_was_written_becomes_html() -> None:
    drawn = chat_html.chat([turn(), turn(count=2, choice="left")], "<i>taste</i>")
    drawn += chat_html.growing(turn(count=2).turn) + chat_html.about(turn().answers[0])
    drawn += reward_html.sheet(RewardFigures.read(SHEET), "<i>taste</i>")
    for tag in ("<script", "<img", "<b>model", "<i>taste"):
        assert tag not in drawn
    assert "&lt;script&gt;alert(1)" in drawn


def test_of_two_answers_nobody_is_told_who_is_who_before_the_choice() -> None:
    blind = chat_html.chat([turn(count=2)]) + chat_html.growing(turn(count=2).turn)
    assert "model0" not in blind
    assert "model1" not in blind
    assert 'data-event="like"' not in blind
    assert "tokens/s" not in blind  # nor by the speed
    told = chat_html.chat([turn(count=2, choice="right")])
    assert "A: &lt;b&gt;model0" in told
    assert told.count('data-event="like"') == 4
    assert 'data-what="right" data-number="1" aria-pressed="true"' in told


def test_the_gauge_tells_the_score() -> None:
    assert "+0.5" in chat_html.chat([turn()], "taste")
    assert "ft-gauge" not in chat_html.chat([turn()])


def test_scores_that_follow_length_more_than_the_votes_do_are_warned_of() -> None:
    assert "may have learned length" in reward_html.sheet(RewardFigures.read(SHEET))
    voted_so = RewardFigures.read({**SHEET, "vote_length_correlation": -0.85})
    assert "may have learned length" not in reward_html.sheet(voted_so)
    assert reward_html.sheet(RewardFigures.read({})) == ""


def test_what_there_is_to_learn_from_is_told_with_the_fitting_method() -> None:
    data = PreferenceSummary({"choice": 3, "correction": 1}, 4, 5, 2, 1, 0, 1, 0, 0, 9, 2, 1, 2)
    drawn = feedback_html.training_data(data, Fit("dpo", "Most of the feedback is pairs."))
    assert "4: 3 from A/B choices, 1 from better answers" in drawn
    assert "Fitting method: DPO. Most of the feedback is pairs." in drawn


def test_the_report_on_an_import_names_rows_and_columns() -> None:
    problem = Problem(7, HOSTILE, "empty", f"Row 7 has nothing in {HOSTILE}", "Fill it.")
    report = ImportReport(
        file_name=HOSTILE,
        form="pairs",
        forms={"pairs": 3, HOSTILE: 1},
        columns=("a", HOSTILE),
        unused_columns=(HOSTILE,),
        rows_read=5,
        rows_taken=4,
        taken={"pairs": 4},
        problems=(problem,),
        problem_counts={"empty": 101},
        warning_counts={},
        added=Imported(8, 0, 0, 4),
    )
    drawn = feedback_html.import_report(report)
    assert "<script" not in drawn
    assert "Read 5 rows, took 4 (4 pairs), passed over 1." in drawn
    assert "Added 8 answers, 0 votes, 0 corrections, 4 choices." in drawn
    assert "Row 7 has nothing in &lt;script" in drawn
    assert "… and 100 more." in drawn
