"""Comparing two models: both answer the same prompts, and what came of it becomes figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftdemo.evaluation.contestant import Contestant
from ftdemo.evaluation.course import Course
from ftdemo.evaluation.drift import Likelihood
from ftdemo.evaluation.figures import EvaluationFigures
from ftdemo.evaluation.judges import rule_judge
from ftdemo.evaluation.prompts import Prompt
from ftdemo.evaluation.reading import Texts, read_texts
from ftdemo.evaluation.results import Performance, figures_of
from ftdemo.evaluation.settings import ROWS, EvaluationSettings
from ftdemo.jobs.reporter import Reporter
from ftdemo.language.sampling import Completion
from ftdemo.machine.device import choose_device, computes_bfloat16
from ftdemo.models.base import BaseModel
from ftdemo.rewards.scorer import RewardJudge
from ftdemo.tokens.tokeniser import ChatTokeniser
from ftdemo.training.running import library_versions
from ftdemo.weights.tuned_files import TunedFiles


def measure(
    base: BaseModel,
    parent: TunedFiles | None,
    tuned: TunedFiles | None,
    prompts: Sequence[Prompt],
    settings: EvaluationSettings,
    reward: Path | None,
    held_out_reward: Path | None,
    reporter: Reporter,
    *,
    names: tuple[str, str] = ("before", "after"),
    counted: bool = True,
) -> EvaluationFigures:
    """Compare a tuned model with the one it continues from, or any two models of one base.

    One model at a time is in memory: first `parent` answers, then `tuned`, then the base model reads what
    both have said, with the reward models on it.

    Args:
        base: the base model of both.
        parent: the model that is compared with; None for the base itself.
        tuned: the model that is evaluated; None for the base itself.
        prompts: chat messages, the question last.
        settings: the knobs.
        reward: folder of the reward model that judges, if one does.
        held_out_reward: folder of another, that nothing was aligned with.
        reporter: hears how far it is, and is asked for a stop between batches.
        names: what the two models are called.
        counted: whether the job's steps are the answered prompts; False if the job did other work before.

    Returns:
        All figures but where the prompts come from.

    Raises:
        EvaluationStoppedError: the job was asked to stop.
        SourceError: a reward model, the tokenizer or the chat template cannot be used.
        UserError: no prompt is short enough, or a reward model stands on another base.
    """
    began = time.monotonic()
    device = choose_device()
    bfloat16 = computes_bfloat16(settings.precision, device)
    tokeniser = ChatTokeniser.of_folder(base.folder)
    longest = settings.max_prompt_tokens + settings.max_new_tokens + 1
    texts = read_texts(tokeniser, prompts, settings, longest)
    course = Course(reporter, 2 * len(texts.ids), counted)
    said = []
    for files, name in zip((parent, tuned), names, strict=True):
        course.enter(f"loading {name}")
        contestant = Contestant.load(base, files, device, settings.precision)
        course.enter(f"answering as {name}")
        said.append(_ask(contestant, tokeniser, texts, settings, course))
        del contestant
    course.enter("reading the answers as the base model")
    reader = Contestant.load(base, None, device, settings.precision)
    under_base = [
        reader.likelihoods([answer.as_sample() for answer in one.rollouts], course.look) for one in said
    ]
    rewards = {"reward": reward, "held_out_reward": held_out_reward}
    scores = _by_rewards(reader, tokeniser, rewards, said, course) | _by_rules(settings.rules, texts, said)
    before, after = (
        Performance(
            name, one.texts, one.known, read, {judge: of_both[place] for judge, of_both in scores.items()}
        )
        for place, (name, one, read) in enumerate(zip(names, said, under_base, strict=True))
    )
    reporter.memory_bytes()
    return replace(
        figures_of(texts.questions, before, after, ROWS),
        dropped_prompts=texts.dropped,
        seconds=round(time.monotonic() - began, 2),
        device=device.name,
        precision="bfloat16" if bfloat16 else "float32",
        peak_memory_bytes=reporter.peak_memory_bytes,
        versions=library_versions(),
    )


@dataclass(frozen=True)
class _Said:
    """What a model had to say.

    Args:
        rollouts: its answers to the prompts.
        texts: the same as text.
        known: how likely it finds the right answers to general questions.
    """

    rollouts: list[Completion]
    texts: list[str]
    known: list[Likelihood]


def _ask(
    contestant: Contestant,
    tokeniser: ChatTokeniser,
    texts: Texts,
    settings: EvaluationSettings,
    course: Course,
) -> _Said:
    answers = contestant.answer(
        texts.ids,
        end_tokens=tokeniser.end_tokens,
        max_new_tokens=settings.max_new_tokens,
        batch=settings.batch,
        on_answered=course.answered,
    )
    written = [tokeniser.decode(one.answer).strip() for one in answers]
    return _Said(answers, written, contestant.likelihoods(texts.general, course.look))


def _by_rewards(
    reader: Contestant,
    tokeniser: ChatTokeniser,
    rewards: dict[str, Path | None],
    said: Sequence[_Said],
    course: Course,
) -> dict[str, list[list[float]]]:
    """Of each reward model that there is, the scores of both models' answers."""
    scores = {}
    for name, folder in rewards.items():
        if folder is not None:
            course.enter("scoring the answers")
            judge = RewardJudge(reader.model, folder, bfloat16=reader.bfloat16)
            end = tokeniser.turn_end
            scores[name] = [judge.scores([one.to_be_scored(end) for one in side.rollouts]) for side in said]
    return scores


def _by_rules(rules: Sequence[str], texts: Texts, said: Sequence[_Said]) -> dict[str, list[list[float]]]:
    scores = {}
    for rule in rules:
        judge = rule_judge(rule)
        scores[rule] = [
            [judge(prompt, answer) for prompt, answer in zip(texts.prompts, side.texts, strict=True)]
            for side in said
        ]
    return scores
