"""What tabs do, called as plain functions: no page is built."""

import inspect
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from ftdemo.errors import NotFoundError, UserError
from ftdemo.settings import Settings
from ftdemo.studio import Studio
from ftdemo.ui.align import actions as align
from ftdemo.ui.chat import actions as chat
from ftdemo.ui.choices import NONE, offer, offer_anew
from ftdemo.ui.compare import actions as compare
from ftdemo.ui.events import handler
from ftdemo.ui.feedback import actions as feedback
from ftdemo.ui.html import Html, table
from ftdemo.ui.job import actions as job
from ftdemo.ui.models import actions as models
from ftdemo.ui.samples import actions as samples
from ftdemo.ui.samples.look import PageOfSet
from ftdemo.ui.tour import actions as tour
from ftdemo.ui.tune import actions as tune

REQUEST: Any = SimpleNamespace(session_hash="page", username=None, client=None)


@pytest.fixture
def studio(settings: Settings) -> Studio:
    return Studio(settings)


def test_a_set_is_shown_in_pages_edited_and_removed(studio: Studio) -> None:
    chosen, _ = samples.add_example(studio, "pavan_belagatti")
    rows, words, at = samples.show(studio, chosen["value"], PageOfSet())
    assert words.startswith("**1 to 12 of 12**")
    assert samples.show_changed(studio, chosen["value"], at) == gr.skip()
    rows[0][2] = "Somebody else."
    samples.save_page(studio, chosen["value"], at, rows)
    changed, _, at = samples.show_changed(studio, chosen["value"], at)
    assert (changed[0][2], at.version) == ("Somebody else.", 2)
    updated, _ = samples.delete(studio, chosen["value"])
    assert (updated["value"], updated["choices"]) == (None, [])


def test_what_a_voter_said_is_shown_and_changed(studio: Studio) -> None:
    said = studio.feedback.say("Who?", "Me.", "ada", model="mine", vote="up", comment="short")
    number = said.answer.id
    assert feedback.said_by(studio, number, "ada") == ("", "short", "")
    opened = feedback.save(studio, number, "ada", "", "short", "Me, of course.")
    assert opened[-3:] == ("", "short", "Me, of course.")
    # What was not changed is not said again.
    assert [type(event).__name__ for event in studio.feedback.history(number)] == ["Vote", "Correction"]
    listed = feedback.show(studio, "", "", "", "")
    assert listed[2] == ("**1 to 1 of 1** answers, newest first. Click one to see all that was said of it.")


def test_a_comment_that_belongs_to_no_thumb_is_not_lost_in_silence(studio: Studio) -> None:
    number = studio.feedback.say("Who?", "Me.", "ada", correction="Me, of course.").answer.id
    with pytest.raises(NotFoundError, match="gave no thumb"):
        feedback.save(studio, number, "ada", "", "too short", "Me, of course.")
    feedback.save(studio, number, "ada", "down", "too short", "Me, of course.")
    assert feedback.said_by(studio, number, "ada") == ("", "too short", "Me, of course.")


def test_where_there_is_nothing_it_is_said_what_to_do(studio: Studio) -> None:
    assert "Choose samples" in tune.tell_cost(studio, {"samples": None})
    with pytest.raises(UserError, match="No samples are chosen"):
        tune.begin(studio, {"name": "mine", "samples": None, "parent": "base"})
    assert tune.list_runs(studio)[0] == []
    assert tune.use(studio, None) == {}
    view = job.Shown(("tune",), "No job yet.")
    assert "No job yet." in str(job.show(studio, view, None, "loss")[0])
    assert "No tuned models yet" in models.show(studio, None)
    assert "No votes yet" in align.show(studio)[0]
    assert "No reward model yet" in align.show_reward_model(studio, None)[0]
    assert "Choose the models" in compare.show(studio, {})
    assert "Choose a model" in chat.redraw(studio, {}, None, REQUEST)
    assert "Step 1" in tour.restore(studio, {})[0]
    with pytest.raises(UserError, match="no tuned model yet"):
        next(tour.ask_tuned(studio, {}, REQUEST))


def test_the_form_shows_what_a_method_needs() -> None:
    blocks, of_votes, of_policy = align.fitting("kto")
    assert [blocks[name]["visible"] for name in ("practice", "for_votes")] == [False, True]
    assert (of_votes["epochs"]["value"], of_policy) == (1, {})
    blocks, of_votes, of_policy = align.fitting("rloo")
    assert [blocks[name]["visible"] for name in ("practice", "for_votes")] == [True, False]
    assert (of_votes, of_policy["samples_per_prompt"]["value"]) == ({}, 4)


def test_what_was_chosen_stays_while_it_is_there() -> None:
    assert offer(["a", "b"], "a")["value"] == "a"
    assert offer(["a", "b"], "gone")["value"] == "b"
    assert offer(["a", "b"], "gone", "a")["value"] == "a"
    assert offer([], None)["value"] is None
    assert offer(["a"], "gone", "", first=NONE) == gr.update(choices=[("none", ""), ("a", "a")], value="")
    assert offer([], "gone", first=NONE)["value"] == ""


def test_a_list_that_is_drawn_anew_leaves_the_choice_alone_while_it_is_there() -> None:
    assert offer_anew(["a", "b"], "a") == gr.update(choices=["a", "b"])
    assert offer_anew(["a", "b"], "gone") == gr.update(choices=["a", "b"], value="b")
    assert offer_anew(["a"], "", "", first=NONE) == gr.update(choices=[("none", ""), ("a", "a")])


def test_a_handler_has_the_app_and_gives_values_by_name() -> None:
    def action(app: str, some: dict[str, Any], others: dict[str, Any], request: gr.Request) -> Any:
        return {"first": (app, some, others)}, {}

    first, second = gr.Number(None), gr.Textbox("")
    groups: list[Any] = [{"first": first}, {"second": second}]
    handle = handler(action, "app", inputs=groups, outputs=groups)
    # gradio reads here that there is one value for all inputs, and that the request comes after it.
    assert list(inspect.signature(handle).parameters) == ["others", "request"]
    shown = handle({first: 0, second: "text"}, REQUEST)
    assert shown == {first: ("app", {"first": None}, {"second": "text"}), second: gr.skip()}


def test_a_table_escapes_what_is_no_html() -> None:
    drawn = table(("<b>",), [("<i>", 1, Html("<u>fine</u>"))])
    assert "&lt;b&gt;" in drawn
    assert "&lt;i&gt;" in drawn
    assert "<u>fine</u>" in drawn
