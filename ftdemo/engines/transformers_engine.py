"""Chat with transformers: any model it knows, base and tuned models in one batch."""

from __future__ import annotations

import queue
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BatchEncoding,
    GenerationConfig,
    StoppingCriteria,
    set_seed,
)
from transformers.generation.streamers import BaseStreamer
from transformers.utils import logging as transformers_logging

from ftdemo.engines.adapters import NO_ADAPTER, AdapterPool
from ftdemo.engines.prompts import end_tokens, refuse_too_long
from ftdemo.engines.protocol import ChatRequest, GenerationSettings, TokenEvent
from ftdemo.engines.sides import Side, advance
from ftdemo.engines.weights import WeightsPool
from ftdemo.models.base import BaseModel
from ftdemo.models.device import choose_device
from ftdemo.models.tuned_files import TunedFiles
from ftdemo.names import BASE

if TYPE_CHECKING:
    import torch

_END = object()

# Bars for a load that takes a second, and notes to transformers' own developers, are noise on a command line.
transformers_logging.disable_progress_bar()
warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")


class TransformersEngine:
    """Answers with `model.generate`.

    One batch is generated at a time; further calls wait for their turn.

    Args:
        base: the base model; loading it takes a second or two.
        tuned: gives a model's files by its name; None for the base model.
        threads: processor threads to use.
        max_prompt_tokens: the most tokens a conversation may have; as many as the model can read if None.
    """

    def __init__(
        self,
        base: BaseModel,
        tuned: Callable[[str], TunedFiles | None],
        threads: int,
        max_prompt_tokens: int | None = None,
    ) -> None:
        import torch

        torch.set_num_threads(threads)
        self.base = base
        self.device = choose_device()
        self.description = f"transformers, {self.device.name}"
        self._tuned = tuned
        self._max_prompt_tokens = max_prompt_tokens
        self._tokenizer = AutoTokenizer.from_pretrained(base.folder, padding_side="left")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model: Any = AutoModelForCausalLM.from_pretrained(base.folder, dtype=self.device.dtype).eval()
        self._model.to(self.device.type)
        self._weights = WeightsPool(self._model)
        self._turn = threading.Lock()
        self._end_tokens = end_tokens(base.folder)
        self._warm_up()

    def stream(
        self, requests: Sequence[ChatRequest], settings: GenerationSettings, cancelled: threading.Event
    ) -> Iterator[TokenEvent]:
        """Generate one answer for each request; see `Engine.stream`.

        Sides on the same weights (the base, and adapters on it) are one batch; a model with tensors of its
        own answers after them.
        """
        began = time.perf_counter()
        with self._turn:
            self._prompts(requests, settings)  # one that is too long is refused before any side begins
            sides = [Side(index, began, self._decode) for index in range(len(requests))]
            for group in self._groups(requests):
                inputs = self._prompts([requests[index] for index in group.indices], settings)
                yield from self._batch(
                    group, inputs, [sides[index] for index in group.indices], settings, cancelled
                )

    def _groups(self, requests: Sequence[ChatRequest]) -> list[_Group]:
        """The requests by the weights they stand on, in order."""
        groups: dict[int, _Group] = {}
        for index, request in enumerate(requests):
            files = self._tuned(request.model)
            adapters = self._weights.adapters(files)
            group = groups.setdefault(id(adapters), _Group(adapters, [], []))
            has_adapter = files is not None and files.has_adapter
            name = adapters.attach(files.folder, group.names) if files and has_adapter else NO_ADAPTER
            group.names.append(name)
            group.indices.append(index)
        return list(groups.values())

    def _batch(
        self,
        group: _Group,
        inputs: BatchEncoding,
        sides: Sequence[Side],
        settings: GenerationSettings,
        cancelled: threading.Event,
    ) -> Iterator[TokenEvent]:
        steps: queue.SimpleQueue[Any] = queue.SimpleQueue()
        worker = threading.Thread(
            target=self._generate, args=(group, inputs, settings, steps, cancelled), daemon=True
        )
        worker.start()
        ended = False
        try:
            while (step := steps.get()) is not _END:
                if isinstance(step, BaseException):
                    raise step
                yield from advance(sides, step, self._end_tokens)
            for side in sides:
                if side.finish_reason is None:
                    yield side.finish("cancelled" if cancelled.is_set() else "length")
            ended = True
        finally:
            # Whoever reads may leave in the middle (a closed browser tab): the batch ends with them.
            if not ended:
                cancelled.set()
            worker.join()

    def _warm_up(self) -> None:
        """Generate one token: the first time, memory is taken and kernels are chosen, for about a second."""
        request = ChatRequest(BASE, [{"role": "user", "content": "Hello"}])
        for _ in self.stream([request], GenerationSettings(max_new_tokens=1), threading.Event()):
            pass

    def _prompts(self, requests: Sequence[ChatRequest], settings: GenerationSettings) -> BatchEncoding:
        texts = [
            self._tokenizer.apply_chat_template(
                list(request.messages), tokenize=False, add_generation_prompt=True
            )
            for request in requests
        ]
        inputs = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        length = inputs["input_ids"].shape[1]
        context = self._model.config.max_position_embeddings
        refuse_too_long(length, settings, context, self._max_prompt_tokens or context)
        return inputs.to(self.device.type)

    def _generate(
        self,
        group: _Group,
        inputs: BatchEncoding,
        settings: GenerationSettings,
        steps: queue.SimpleQueue[Any],
        cancelled: threading.Event,
    ) -> None:
        """Run in a thread of its own: `generate` calls back, `stream` yields."""
        import torch

        sampling: dict[str, Any] = {"do_sample": False}
        if settings.temperature > 0:
            set_seed(settings.seed)
            sampling = {
                "do_sample": True,
                "temperature": settings.temperature,
                "top_p": settings.top_p,
                "top_k": 0,
            }
        config = GenerationConfig(
            max_new_tokens=settings.max_new_tokens,
            eos_token_id=sorted(self._end_tokens),
            pad_token_id=self._tokenizer.pad_token_id,
            **sampling,
        )
        try:
            with torch.inference_mode(), group.adapters.batch(group.names) as (model, arguments):
                model.generate(
                    **inputs,
                    **arguments,
                    generation_config=config,
                    streamer=_StepStreamer(steps),
                    stopping_criteria=[_Cancelled(cancelled)],
                )
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            steps.put(error)
        else:
            steps.put(_END)

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))


@dataclass(frozen=True)
class _Group:
    """Requests on the same weights: the names of their adapters, and their places among all requests."""

    adapters: AdapterPool
    names: list[str]
    indices: list[int]


class _StepStreamer(BaseStreamer):
    """Hands the batch's tokens of each step to a queue; `generate` calls it with the prompts first."""

    def __init__(self, steps: queue.SimpleQueue[Any]) -> None:
        self._steps = steps
        self._prompts_seen = False

    def put(self, value: torch.Tensor) -> None:
        """Take a tensor of token ids: of shape (batch, length) first, then (batch,) at each step."""
        if self._prompts_seen:
            self._steps.put(value.tolist())
        self._prompts_seen = True

    def end(self) -> None:
        """Nothing to flush."""


class _Cancelled(StoppingCriteria):
    """Ends every row once the event is set."""

    def __init__(self, cancelled: threading.Event) -> None:
        self._cancelled = cancelled

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        import torch

        return torch.full((input_ids.shape[0],), self._cancelled.is_set(), device=input_ids.device)
