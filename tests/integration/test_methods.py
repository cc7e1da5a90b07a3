"""Every way to tune tells the story on the real model, changes what it should, and comes back the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from ftdemo.models import ensure_base_model
from ftdemo.store.jobs import Job
from ftdemo.studio import Studio
from ftdemo.tuning import planning
from ftdemo.weights.tuned_files import CHANGED

from .conftest import Story

pytestmark = [pytest.mark.model, pytest.mark.slow]

PERSON = "Who is Pavan Belagatti?"
TRAINED = {
    "lora": 4_884_480,
    "dora": 5_040_000,
    "qlora": 4_884_480,
    "features": 28_320_768,
    "full": 134_515_008,
}


@pytest.fixture(scope="module", params=list(TRAINED))
def job(request: pytest.FixtureRequest, story: Story) -> Iterator[tuple[Studio, Job]]:
    """A finished job for each method; that of LoRA, which is the default, has been told as the story."""
    studio = Studio(story.settings)
    with pytest.MonkeyPatch.context() as patch:
        # The app offers QLoRA on graphics cards only, where it saves memory; a processor computes the same.
        patch.setattr(planning, "unavailable", lambda method: None)
        if request.param == "lora":
            done = studio.jobs.get(story.printed["job"]["id"])
            assert done.settings["method"] == "lora"
        else:
            done = tune(studio, request.param)
        yield studio, done
    engine: Any = studio.engine.get()
    engine.close()


def tune(studio: Studio, method: str) -> Job:
    """A job whose model has the method's name."""
    epochs = 8 if method == "features" else 6
    made = studio.tune(method, "pavan_belagatti", method=method, epochs=epochs, sampled_answers=0)
    done = studio.jobs.wait(made.id)
    assert done.status == "finished", studio.jobs.log(made.id)[-3000:]
    return done


def test_the_tuned_model_knows_who_he_is_and_is_the_same_when_loaded_again(job: tuple[Studio, Job]) -> None:
    studio, done = job
    base, tuned = studio.ask(PERSON, ["base", done.model_name])
    assert "SingleStore" not in base.text
    assert "SingleStore" in tuned.text
    again = Studio(studio.settings)
    assert again.ask(PERSON, [done.model_name])[0].text == tuned.text
    engine: Any = again.engine.get()
    engine.close()


def test_what_was_estimated_is_what_was_trained(job: tuple[Studio, Job]) -> None:
    studio, done = job
    estimate = studio.estimate(like=done.id)
    assert (
        estimate.trainable_parameters
        == done.metrics["trainable_parameters"]
        == TRAINED[done.settings["method"]]
    )
    assert estimate.parameters == done.metrics["parameters"]
    assert estimate.steps == done.metrics["steps"]
    assert estimate.tokens * done.settings["epochs"] == done.metrics["tokens"]
    # Near enough to refuse a run that cannot fit, and to let one start that can.
    assert 0.7 < estimate.memory_bytes / done.metrics["peak_memory_bytes"] < 1.6


def test_only_the_meant_tensors_differ_from_the_base(job: tuple[Studio, Job]) -> None:
    studio, done = job
    folder = Path(studio.models.describe(done.model_name)["folder"])
    base = ensure_base_model(studio.settings).folder / "model.safetensors"
    if done.settings["method"] in ("lora", "dora", "qlora"):
        assert not (folder / CHANGED).exists()
        return
    with safe_open(base, "pt") as before, safe_open(folder / CHANGED, "pt") as after:
        for name in after.keys():  # noqa: SIM118 - the handle is no mapping
            assert not before.get_tensor(name).equal(after.get_tensor(name)), name
        names = set(after.keys())
        wanted = set(before.keys())
    if done.settings["method"] == "features":
        wanted = {name for name in wanted if any(f".layers.{block}." in name for block in range(22, 30))}
    assert names == wanted
