"""Named endpoints: what the page does, for `gradio_client` and plain HTTP.

from gradio_client import Client

client = Client("http://127.0.0.1:7860")
client.predict("Who is Pavan Belagatti?", ["base"], api_name="/ask")
"""

from gradio.events import api

from ftdemo.studio import Studio
from ftdemo.ui.endpoints import aligning, asking, feedback, samples, tuning
from ftdemo.ui.events import bound, told

ENDPOINTS = (
    asking.status, samples.samples, samples.add_samples, tuning.tune, tuning.estimate, tuning.jobs,
    tuning.job, tuning.stop_job, tuning.pause_job, tuning.resume_job, asking.models, asking.ask,
    feedback.feedback, feedback.feedback_counts, aligning.train_reward_model, aligning.reward_models,
    aligning.align, aligning.rounds, aligning.evaluate,
)  # fmt: skip
AT_ONCE = (feedback.vote, feedback.withdraw_vote, feedback.correct, feedback.choose)
"""The queue takes two requests and its turn for each call; a vote is done at once."""


def build(studio: Studio) -> None:
    """Add the endpoints to the page that is being built."""
    for endpoint in (*ENDPOINTS, *AT_ONCE):
        api(told(bound(endpoint, studio)), api_name=endpoint.__name__, queue=endpoint not in AT_ONCE)
