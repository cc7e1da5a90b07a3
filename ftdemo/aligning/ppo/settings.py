"""The knobs of PPO and of its variant without a value model. No torch is imported here.

A field here is all that a new knob takes; then `python -m docs.generate`.
"""

from dataclasses import dataclass, field
from typing import Literal

from ftdemo.errors import UserError
from ftdemo.knobs import again, knob
from ftdemo.machine.device import Precision
from ftdemo.training.settings import ADAPTER, AdapterSettings

PpoMethod = Literal["ppo", "rloo"]

ANSWERS = "Answers it tries"
LEARNING = "What it learns from them"
DIVERGENCE = "Divergence from the start (KL)"


@dataclass(frozen=True)
class PpoSettings(AdapterSettings):
    """Learning from a reward model.

    The methods: 'ppo' learns what reward to expect after each token, with a value head, and makes likelier
    what did better (Schulman et al. 2017, arXiv:1707.06347); 'rloo' compares each answer with the other
    answers to its prompt instead (Ahmadian et al. 2024, arXiv:2402.14740).
    """

    method: PpoMethod = knob("ppo", "method", "What an answer is compared with.")
    steps: int = knob(
        30, "number of steps", "Batches of prompts that are answered and learned from.", 1, 100_000,
        group=ANSWERS,
    )  # fmt: skip
    prompts_per_batch: int = knob(
        16, "number of prompts in a batch", "Prompts in a batch.", 1, 1024,
        label="Questions a step", group=ANSWERS,
    )  # fmt: skip
    samples_per_prompt: int = knob(
        1, "number of answers to a prompt", "Answers to each prompt; 'rloo' needs at least 2.", 1, 64,
        label="Answers to each", group=ANSWERS,
    )  # fmt: skip
    max_new_tokens: int = knob(
        48, "longest answer", "Longest answer, in tokens.", 1, 4096, label="Tokens an answer", group=ANSWERS
    )
    max_prompt_tokens: int = knob(
        512, "longest prompt", "Longest prompt, in tokens; longer ones are left out.", 1, 131_072,
        label="Tokens a question", group=ANSWERS,
    )  # fmt: skip
    temperature: float = knob(
        1.0, "temperature", "Temperature of the sampling, and of the probabilities that are learned.",
        0.05, 5.0, step=0.05, group=ANSWERS,
    )  # fmt: skip
    missing_end_penalty: float = knob(
        1.0,
        "penalty of a missing end",
        "Taken off the score of an answer that was cut off at the longest length.",
        0.0,
        100.0,
        label="Price of a missing end",
        step=0.1,
        group=ANSWERS,
    )
    sampled_answers: int = knob(
        2,
        "number of sampled answers",
        "So many prompts are answered greedily now and then, to be looked at.",
        0,
        8,
        label="Answers on the way",
        group=ANSWERS,
    )
    epochs: int = knob(2, "number of epochs", "Passes over the answers of a batch.", 1, 100, group=LEARNING)
    minibatch: int = knob(8, "minibatch", "Answers for one optimizer step.", 1, 1024, group=LEARNING)
    learning_rate: float = knob(
        2e-4, "learning rate", "AdamW's step size for the policy's adapter.", 1e-8, 1.0,
        step=1e-5, group=LEARNING,
    )  # fmt: skip
    value_learning_rate: float = knob(
        1e-3,
        "learning rate of the value head",
        "AdamW's step size for the value head.",
        1e-8,
        1.0,
        label="Value learning rate",
        step=0.0001,
        only=("ppo",),
        group=LEARNING,
    )
    clip: float = knob(
        0.2,
        "clip range",
        "Furthest that a token's probability ratio may go from 1 and still be rewarded (ε).",
        1e-4,
        10.0,
        label="Clip range",
        step=0.05,
        group=LEARNING,
    )
    value_clip: float = knob(
        0.2,
        "clip range of values",
        "The same for the change of an expected reward.",
        1e-4,
        1000.0,
        label="Clip range of values",
        step=0.05,
        only=("ppo",),
        group=LEARNING,
    )
    gamma: float = knob(
        1.0, "discount gamma", "Discount of rewards a token later (γ).", 0.0, 1.0,
        label="Discount (gamma)", step=0.01, only=("ppo",), group=LEARNING,
    )  # fmt: skip
    lam: float = knob(
        0.95,
        "lambda",
        "Between looking one token ahead (0) and to the answer's end (1) in judging a token (λ).",
        0.0,
        1.0,
        label="Lambda",
        step=0.01,
        only=("ppo",),
        group=LEARNING,
    )
    entropy_coefficient: float = knob(
        0.0,
        "entropy coefficient",
        "Reward for keeping the next token uncertain, per nat.",
        0.0,
        10.0,
        label="Entropy reward",
        step=0.001,
        group=LEARNING,
    )
    kl_coefficient: float = knob(
        0.15,
        "KL coefficient",
        "What one nat of Kullback-Leibler divergence from the reference costs, in units of the score (β); "
        "where a divergence to keep is given, only at the start.",
        0.0,
        100.0,
        label="Price of divergence",
        step=0.01,
        group=DIVERGENCE,
    )
    kl_target: float | None = knob(
        None,
        "KL target",
        "Divergence to be kept, in nats an answer; its price is adapted to it. Without one the price stays.",
        1e-3,
        1000.0,
        label="… to keep (0: none)",
        step=0.5,
        group=DIVERGENCE,
    )
    kl_budget: float = knob(
        20.0,
        "KL budget",
        "Divergence, in nats an answer, over which the run ends early, with the policy before that.",
        1e-3,
        100_000.0,
        label="… that ends the run",
        step=1.0,
        group=DIVERGENCE,
    )
    kl_stop: float = knob(
        0.1,
        "KL at which epochs stop",
        "Divergence from the policy that gave the answers, in nats a token, at which the epochs over a batch "
        "end early.",
        1e-6,
        1000.0,
        label="… that ends a batch",
        step=0.01,
        group=DIVERGENCE,
    )
    seed: int = again(
        AdapterSettings,
        "seed",
        help="Start of the random numbers: order of prompts, and what is sampled.",
        group=LEARNING,
    )
    precision: Precision = again(AdapterSettings, "precision", group=ADAPTER)
    # Nothing drops out: the likelihood of an answer must be the same each time.
    dropout: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method == "rloo" and self.samples_per_prompt < 2:
            raise UserError(
                "'rloo' compares the answers to a prompt with each other, and there is only one to each.",
                "Set the number of answers to a prompt to 2 or more, or use 'ppo'.",
            )

    @property
    def answers_per_batch(self) -> int:
        """Answers that a step samples and learns from."""
        return self.prompts_per_batch * self.samples_per_prompt
