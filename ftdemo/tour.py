"""The guided tour: the story of README, one call a step.

Ask the base model who somebody is; it invents an answer. Load eight samples about that person, tune, and ask
again. Then ask both something unrelated, to see what the tuning cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ftdemo.chat.turns import Answer, Turn
from ftdemo.engines.protocol import GenerationSettings
from ftdemo.errors import UserError
from ftdemo.names import BASE, first_free_name
from ftdemo.samples.library import example_files
from ftdemo.store.jobs import Job
from ftdemo.store.samples import Sample, SampleSet
from ftdemo.studio import Studio

QUESTION = "Who is Pavan Belagatti?"
UNRELATED_QUESTIONS = (
    "What is the capital of France?",
    "How many legs does a spider have?",
    "Who wrote Romeo and Juliet?",
)
"""Things the samples do not speak of. With the default recipe the tuned model keeps the first two and, as it
learned that 'who' asks for one man, loses the third: forgetting is real, and shown."""
MODEL_NAME = "pavan"
GENERATION = GenerationSettings(max_new_tokens=60)
BEFORE, AFTER, UNRELATED = "tour: before", "tour: after", "tour: unrelated"
"""Tasks of a session: each answer of the tour has a place of its own on the page."""


@dataclass(frozen=True)
class TourProgress:
    """How far a tour is that was begun earlier.

    Args:
        done: what the browser remembers, without what is gone from the store.
        before: the base model's answer.
        after: the tuned model's answer.
        unrelated: the turn about something else.
        samples: the samples that were loaded.
        job: the tuning job.
    """

    done: dict[str, Any]
    before: Sequence[Answer]
    after: Sequence[Answer]
    unrelated: Sequence[Turn]
    samples: list[Sample]
    job: Job | None


def restore(studio: Studio, done: dict[str, Any]) -> TourProgress:
    """Look up what a browser remembers of the tour; what is no longer in the store is forgotten.

    Args:
        studio: the app.
        done: ids of the conversations 'before', 'after', 'unrelated' and of the 'job'; the name 'samples'.
    """
    turns = {step: studio.chat.turns(done.get(step)) for step in ("before", "after", "unrelated")}
    samples = next((s for s in studio.samples.all() if s.name == done.get("samples")), None)
    job = next((job for job in studio.jobs.all() if job.id == done.get("job")), None)
    kept = (
        {step for step in turns if turns[step]}
        | ({"samples"} if samples else set())
        | ({"job"} if job else set())
    )
    return TourProgress(
        done={step: value for step, value in done.items() if step in kept},
        before=turns["before"][-1].answers if turns["before"] else (),
        after=turns["after"][-1].answers if turns["after"] else (),
        unrelated=turns["unrelated"],
        samples=studio.samples.samples(samples.name) if samples else [],
        job=job,
    )


def ask_base(studio: Studio, session: str | None = None) -> Iterator[Turn]:
    """Step 1: the base model's answer, token by token."""
    yield from studio.chat.compare(QUESTION, [BASE], GENERATION, session=session, task=BEFORE)


def load_samples(studio: Studio) -> SampleSet:
    """Step 2: save the example set, unless it is there already; a worker gets ready for the next step."""
    studio.jobs.warm_up()
    return studio.samples.add_example(example_files()[0].stem)


def start_tuning(studio: Studio) -> Job:
    """Step 3: queue the tuning, under a name that is free."""
    taken = {*studio.models.names(), *(job.model_name for job in studio.jobs.all() if not job.ended)}
    return studio.tune(first_free_name(MODEL_NAME, taken), load_samples(studio).name)


def ask_tuned(studio: Studio, job_id: int | None, session: str | None = None) -> Iterator[Turn]:
    """Step 4: the answer of the model that the tour's job made to the same question; see `tuned_model`."""
    model = tuned_model(studio, job_id)
    yield from studio.chat.compare(QUESTION, [model], GENERATION, session=session, task=AFTER)


def tuned_model(studio: Studio, job_id: int | None) -> str:
    """The model that the tour's job made.

    Raises:
        UserError: there is none yet.
    """
    made = [model for model in studio.models.all() if job_id is not None and model.job_id == job_id]
    if not made:
        raise UserError(
            "There is no tuned model yet.", "Do step 3 first, and wait until the job has finished."
        )
    return made[0].name


def ask_unrelated(
    studio: Studio, question: str, job_id: int | None, session: str | None = None
) -> Iterator[Turn]:
    """Step 5: base and tuned model answer something the samples do not speak of; see `tuned_model`."""
    model = tuned_model(studio, job_id)
    yield from studio.chat.compare(question, [BASE, model], GENERATION, session=session, task=UNRELATED)
