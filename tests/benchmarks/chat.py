"""Chat speed of this app against plain transformers and against llama.cpp itself, in one run.

    python -m tests.benchmarks.chat [--rounds 3] [--threads 2] [--tokens 96] [--visitors 1 2 4 8]

Contenders, one after the other in every round, each in a process of its own:

- plain float32 / bfloat16: `model.generate`, the base model and then the same with a PEFT adapter;
- llama.cpp direct: `xllamacpp.Server` called directly, with the file that the app uses and with the default
  model's 4-bit file as it is;
- the app: `ChatRoom.compare`, one model, two side by side, and several visitors at once, each side by side.

What counts are the ratios within a round. The machine's memory bandwidth is measured in the same round: each
token reads the whole model once, so bandwidth over the file's size is a ceiling for one stream. Prints one
JSON object.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ftdemo.engines import GenerationSettings
from ftdemo.settings import DEFAULT_BASE_MODEL, REPOSITORY, Settings, child_environment
from tests.load.chat import studio_with_models

QUESTION = "Write a long story about a dragon."
TUNED = "random-0"


def memory() -> int:
    """Bytes that this process has in memory."""
    return int(psutil.Process().memory_info().rss)


def timed(run: Callable[[], int]) -> float:
    """Tokens per second of something that returns how many tokens it generated."""
    began = time.perf_counter()
    tokens = run()
    return tokens / (time.perf_counter() - began)


def bandwidth(threads: int) -> dict[str, Any]:
    """Bytes per second that the threads read together from an array far larger than the caches."""
    parts = [np.ones(64_000_000, dtype=np.float32) for _ in range(threads)]

    def read() -> None:
        workers = [threading.Thread(target=part.max) for part in parts]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    read()
    fastest = 0.0
    for _ in range(5):
        began = time.perf_counter()
        read()
        fastest = max(fastest, sum(part.nbytes for part in parts) / (time.perf_counter() - began))
    return {"bytes_per_second": fastest}


def plain(data: Path, dtype: str, threads: int, tokens: int) -> dict[str, Any]:
    """What transformers' documentation shows: one `generate` for the base, one for the tuned model."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(threads)
    folder = data / "base-models" / DEFAULT_BASE_MODEL.split("/")[1]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
    inputs: Any = tokenizer.apply_chat_template(
        [{"role": "user", "content": QUESTION}], add_generation_prompt=True, return_tensors="pt",
        return_dict=True,
    )  # fmt: skip
    length = inputs["input_ids"].shape[1]

    def generate(model: Any, most: int) -> int:
        with torch.inference_mode():
            made = model.generate(**inputs, max_new_tokens=most, min_new_tokens=most, do_sample=False)
        return int(made.shape[1] - length)

    generate(base, 1)
    began = time.perf_counter()
    generate(base, 1)
    first = time.perf_counter() - began
    began = time.perf_counter()
    single = timed(lambda: generate(base, tokens))
    tuned = PeftModel.from_pretrained(base, str(data / "tuned-models" / TUNED)).eval()
    between = time.perf_counter()

    def both() -> int:
        with tuned.disable_adapter():
            made = generate(tuned, tokens)
        return made + generate(tuned, tokens)

    both_per_second = timed(both)
    return {
        "single": single,
        "one_after_the_other": both_per_second,
        "first_token_s": first,
        "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "seconds": between - began,
    }


def direct(model: Path, threads: int, tokens: int, visitors: list[int]) -> dict[str, Any]:
    """llama.cpp's own server in this process, called without any of the app's code around it."""
    import xllamacpp

    from ftdemo.tokens.tokeniser import ChatTokeniser

    folder = Settings(data=REPOSITORY / "tests" / "artifacts" / "data").base_models
    tokeniser = ChatTokeniser.of_folder(folder / DEFAULT_BASE_MODEL.split("/")[1])
    (prompt,) = tokeniser.prompts([[{"role": "user", "content": QUESTION}]])
    began = time.perf_counter()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_ctx, parameters.n_parallel, parameters.verbosity = 8192, 8, -1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(parameters)
    ready = time.perf_counter() - began
    firsts: list[float] = []

    def generate(most: int) -> int:
        chunks: list[float] = []
        request = {
            "prompt": prompt, "max_tokens": most, "temperature": 0, "stream": True, "ignore_eos": True,
            "cache_prompt": False,
        }  # fmt: skip
        began = time.perf_counter()
        server.handle_completions(request, lambda chunk: chunks.append(time.perf_counter()))
        firsts.append(chunks[0] - began)
        return most

    generate(4)
    single = timed(lambda: generate(tokens))
    first = firsts[-1]
    at_once = {str(number): timed(partial(_together, generate, number, tokens)) for number in visitors}
    return {
        "single": single, "first_token_s": first, "ready_s": ready, "visitors": at_once, "memory": memory(),
    }  # fmt: skip


def _together(generate: Callable[[int], int], number: int, tokens: int) -> int:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(generate(tokens))) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(made)


def app(data: Path, threads: int, tokens: int, visitors: list[int]) -> dict[str, Any]:
    """This app, from the question to the last token, conversations saved and all."""
    began = time.perf_counter()
    from ftdemo.studio import Studio

    settings = Settings(data=data, offline=True, threads=threads, chat_seats=max(visitors))
    studio = Studio(settings)
    studio.engine.get()
    ready = time.perf_counter() - began
    generation = GenerationSettings(max_new_tokens=tokens)
    waited: list[float] = []

    def ask(*models: str) -> int:
        made = studio.ask(QUESTION, list(models), generation)
        waited.extend(answer.time_to_first_token_s for answer in made)
        return sum(answer.tokens for answer in made)

    ask("base")
    single = timed(lambda: ask("base"))
    for _ in range(3):
        ask("base", TUNED)
    one_adapter = memory()
    waited.clear()
    side_by_side = timed(lambda: ask("base", TUNED))
    first = max(waited)
    ask("random-1")
    ask("base", "random-1")
    second_adapter = memory() - one_adapter
    at_once, firsts = {}, {}
    for number in visitors:
        waited.clear()
        at_once[str(number)] = timed(partial(_together, lambda _: ask("base", TUNED), number, tokens))
        firsts[str(number)] = max(waited)
    return {
        "ready_s": ready,
        "single": single,
        "side_by_side": side_by_side,
        "first_token_s": first,
        "visitors": at_once,
        "slowest_first_token_s": firsts,
        "second_adapter_bytes": second_adapter,
        "memory": memory(),
    }


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "bandwidth": bandwidth, "plain": plain, "direct": direct, "app": app,
}  # fmt: skip


def run(part: str, *arguments: Any) -> dict[str, Any]:
    """Run one part in a process of its own."""
    code = (
        "import json, sys; from pathlib import Path; from tests.benchmarks import chat; "
        "name, given = json.loads(sys.argv[1]); "
        "given = [Path(g[5:]) if isinstance(g, str) and g.startswith('path:') else g for g in given]; "
        "print('RESULT ' + json.dumps(chat.PARTS[name](*given)))"
    )
    given = [f"path:{a}" if isinstance(a, Path) else a for a in arguments]
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps([part, given])],
        cwd=REPOSITORY, env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(done.stderr[-3000:])
    result: dict[str, Any] = json.loads(lines[0].removeprefix("RESULT "))
    print(part, json.dumps(result), file=sys.stderr)
    return result


def main() -> None:
    """Run all parts in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 2, 4, 8])
    given = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        studio = studio_with_models(data, models=2, threads=given.threads)
        studio.ask(QUESTION, ["base", TUNED], GenerationSettings(max_new_tokens=1))
        [same_file] = (data / "base-models" / "gguf").glob("*.F16-*.gguf")
        [small_file] = (data / "base-models").glob("*.gguf")
        for _ in range(given.rounds):
            common = (given.threads, given.tokens)
            rounds.append(
                {
                    "bandwidth": run("bandwidth", given.threads),
                    "float32": run("plain", data, "float32", *common),
                    "bfloat16": run("plain", data, "bfloat16", *common),
                    "direct": run("direct", same_file, *common, given.visitors),
                    "direct_4_bit": run("direct", small_file, *common, given.visitors),
                    "app": run("app", data, *common, given.visitors),
                }
            )
        sizes = {"direct": same_file.stat().st_size, "direct_4_bit": small_file.stat().st_size}
    print(json.dumps(summary(rounds, sizes), indent=2))


def summary(rounds: list[dict[str, Any]], sizes: dict[str, int]) -> dict[str, Any]:
    """Medians over the rounds of the figures, and of the ratios within a round."""

    def median(value: Callable[[dict[str, Any]], float]) -> float:
        return round(statistics.median(value(each) for each in rounds), 3)

    def figure(part: str, *names: str) -> float:
        return median(lambda r: reduce(getitem, names, r[part]))

    def share_of_ceiling(name: str) -> float:
        return median(lambda r: r[name]["single"] * sizes[name] / r["bandwidth"]["bytes_per_second"])

    numbers = list(rounds[0]["app"]["visitors"])
    return {
        "rounds": len(rounds),
        "tokens_per_second": {
            "plain float32": median(lambda r: r["float32"]["single"]),
            "plain bfloat16": median(lambda r: r["bfloat16"]["single"]),
            "llama.cpp direct, same file": median(lambda r: r["direct"]["single"]),
            "llama.cpp direct, 4-bit file": median(lambda r: r["direct_4_bit"]["single"]),
            "app": median(lambda r: r["app"]["single"]),
            "app, side by side, both together": median(lambda r: r["app"]["side_by_side"]),
            "plain bfloat16, one after the other": median(lambda r: r["bfloat16"]["one_after_the_other"]),
        },
        "single_app_over_direct": median(lambda r: r["app"]["single"] / r["direct"]["single"]),
        "single_app_over_direct_4_bit": median(lambda r: r["app"]["single"] / r["direct_4_bit"]["single"]),
        "side_by_side_app_over_plain_bfloat16": median(
            lambda r: r["app"]["side_by_side"] / r["bfloat16"]["one_after_the_other"]
        ),
        "side_by_side_app_over_plain_float32": median(
            lambda r: r["app"]["side_by_side"] / r["float32"]["one_after_the_other"]
        ),
        "share_of_bandwidth_ceiling": {name: share_of_ceiling(name) for name in sizes},
        "visitors_side_by_side_tokens_per_second": {n: figure("app", "visitors", n) for n in numbers},
        "visitors_direct_base_only_tokens_per_second": {n: figure("direct", "visitors", n) for n in numbers},
        "slowest_first_token_s": {n: figure("app", "slowest_first_token_s", n) for n in numbers},
        "first_token_s": {
            name: figure(name, "first_token_s") for name in ("float32", "bfloat16", "direct", "app")
        },
        "ready_s": median(lambda r: r["app"]["ready_s"]),
        "second_adapter_megabytes": median(lambda r: r["app"]["second_adapter_bytes"] / 1e6),
        "memory_megabytes": {
            "plain float32": median(lambda r: r["float32"]["peak_memory"] / 1e6),
            "plain bfloat16": median(lambda r: r["bfloat16"]["peak_memory"] / 1e6),
            "llama.cpp direct": median(lambda r: r["direct"]["memory"] / 1e6),
            "app": median(lambda r: r["app"]["memory"] / 1e6),
        },
    }


if __name__ == "__main__":
    main()
