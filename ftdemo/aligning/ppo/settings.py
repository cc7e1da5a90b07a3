"""The knobs of PPO and of its variant without a value model. No torch is imported here."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ftdemo.errors import UserError
from ftdemo.knobs import between, one_of
from ftdemo.machine.device import Precision

PpoMethod = Literal["ppo", "rloo"]


@dataclass(frozen=True)
class PpoSettings:
    """Learning from a reward model.

    Args:
        method: 'ppo' learns what reward to expect after each token, with a value head, and makes likelier
            what did better (Schulman et al. 2017, arXiv:1707.06347). 'rloo' compares each answer with the
            other answers to its prompt instead (Ahmadian et al. 2024, arXiv:2402.14740).
        steps: batches of prompts that are answered and learned from.
        prompts_per_batch: prompts in a batch.
        samples_per_prompt: answers to each prompt; 'rloo' needs at least 2.
        max_new_tokens: longest answer, in tokens.
        max_prompt_tokens: longest prompt, in tokens; longer ones are left out.
        temperature: of the sampling, and of the probabilities that are learned.
        learning_rate: AdamW's step size for the policy's adapter.
        value_learning_rate: the same for the value head.
        kl_coefficient: what one nat of Kullback-Leibler divergence from the reference costs, in units of the
            score (β); where `kl_target` is given, only at the start.
        kl_target: divergence to be kept, in nats an answer; β is adapted to it. None keeps β.
        kl_budget: divergence, in nats an answer, over which the run ends early, with the policy before that.
        kl_stop: divergence from the policy that gave the answers, in nats a token, at which the epochs over a
            batch end early.
        gamma: discount of rewards a token later (γ).
        lam: between looking one token ahead (0) and to the answer's end (1) in judging a token (λ).
        clip: furthest that a token's probability ratio may go from 1 and still be rewarded (ε).
        value_clip: the same for the change of an expected reward.
        epochs: passes over the answers of a batch.
        minibatch: answers for one optimizer step.
        entropy_coefficient: reward for keeping the next token uncertain, per nat.
        missing_end_penalty: taken off the score of an answer that was cut off at `max_new_tokens`.
        rank: rows of A and columns of B of the policy's LoRA adapter.
        alpha: scale of their product; alpha / rank = 2 is usual.
        sampled_answers: so many prompts are answered greedily now and then, to be looked at.
        precision: as for supervised tuning.
        seed: start of the random numbers.
    """

    method: PpoMethod = "ppo"
    steps: int = 30
    prompts_per_batch: int = 16
    samples_per_prompt: int = 1
    max_new_tokens: int = 48
    max_prompt_tokens: int = 512
    temperature: float = 1.0
    learning_rate: float = 2e-4
    value_learning_rate: float = 1e-3
    kl_coefficient: float = 0.15
    kl_target: float | None = None
    kl_budget: float = 20.0
    kl_stop: float = 0.1
    gamma: float = 1.0
    lam: float = 0.95
    clip: float = 0.2
    value_clip: float = 0.2
    epochs: int = 2
    minibatch: int = 8
    entropy_coefficient: float = 0.0
    missing_end_penalty: float = 1.0
    rank: int = 16
    alpha: int = 32
    sampled_answers: int = 2
    precision: Precision = "auto"
    seed: int = 42

    def __post_init__(self) -> None:
        one_of("method", self.method, ("ppo", "rloo"))
        one_of("precision", self.precision, ("auto", "float32", "bfloat16"))
        between("number of steps", self.steps, 1, 100_000)
        between("number of prompts in a batch", self.prompts_per_batch, 1, 1024)
        between("number of answers to a prompt", self.samples_per_prompt, 1, 64)
        between("longest answer", self.max_new_tokens, 1, 4096)
        between("longest prompt", self.max_prompt_tokens, 1, 131_072)
        between("temperature", self.temperature, 0.05, 5.0)
        between("learning rate", self.learning_rate, 1e-8, 1.0)
        between("learning rate of the value head", self.value_learning_rate, 1e-8, 1.0)
        between("KL coefficient", self.kl_coefficient, 0.0, 100.0)
        if self.kl_target is not None:
            between("KL target", self.kl_target, 1e-3, 1000.0)
        between("KL budget", self.kl_budget, 1e-3, 100_000.0)
        between("KL at which epochs stop", self.kl_stop, 1e-6, 1000.0)
        between("discount gamma", self.gamma, 0.0, 1.0)
        between("lambda", self.lam, 0.0, 1.0)
        between("clip range", self.clip, 1e-4, 10.0)
        between("clip range of values", self.value_clip, 1e-4, 1000.0)
        between("number of epochs", self.epochs, 1, 100)
        between("minibatch", self.minibatch, 1, 1024)
        between("entropy coefficient", self.entropy_coefficient, 0.0, 10.0)
        between("penalty of a missing end", self.missing_end_penalty, 0.0, 100.0)
        between("rank", self.rank, 1, 1024)
        between("alpha", self.alpha, 1, 4096)
        between("number of sampled answers", self.sampled_answers, 0, 8)
        between("seed", self.seed, 0, 2**32 - 1)
        if self.method == "rloo" and self.samples_per_prompt < 2:
            raise UserError(
                "'rloo' compares the answers to a prompt with each other, and there is only one to each.",
                "Set the number of answers to a prompt to 2 or more, or use 'ppo'.",
            )

    @property
    def answers_per_batch(self) -> int:
        """Answers that a step samples and learns from."""
        return self.prompts_per_batch * self.samples_per_prompt

    def as_dict(self) -> dict[str, Any]:
        """The settings as they are stored with a job."""
        return asdict(self)
