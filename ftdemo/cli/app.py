"""The commands, gathered."""

import logging

import typer

from ftdemo.cli import (
    aligning,
    asking,
    evaluating,
    feedback,
    jobs,
    models,
    rewards,
    samples,
    serving,
    train_reward,
    tuning,
)

app = typer.Typer(
    name="ftdemo",
    help="Fine-tune a small language model on your own questions and answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(samples.app, name="samples", help="Sets of questions and answers.")
app.add_typer(jobs.app, name="jobs", help="Long work: list, show, stop, pause, resume, compare.")
app.add_typer(models.app, name="models", help="Tuned models.")
app.add_typer(feedback.app, name="feedback", help="What people think of answers.")
app.add_typer(rewards.app, name="rewards", help="Reward models, which score answers.")
app.command("tune")(tuning.tune)
app.command("estimate")(tuning.estimate)
app.command("reward")(train_reward.train_reward)
app.command("evaluate")(evaluating.evaluate)
app.command("align")(aligning.align)
app.command("rounds")(aligning.rounds)
app.command("ask")(asking.ask)
app.command("serve")(serving.serve)


def main() -> None:
    """Run the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    app(prog_name="python -m ftdemo")
