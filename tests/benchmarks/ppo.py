"""PPO on one copy of the base: memory beside LoRA tuning and TRL's four models, time of a step, formulas.

    python -m tests.benchmarks.ppo [--steps 3] [--trl FOLDER]

All with batches of 16 answers of up to 40 tokens on the default model, each in a process of its own. TRL took
PPO out after version 1.12: `pip install --no-deps --target FOLDER trl==1.12.0` brings it back for `--trl`.
Its trainer then runs with policy, reference, reward and value model as the four models its documentation
shows, and what it computes on the way is computed again by this app's functions on the same tensors. Prints
one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ftdemo.models import ensure_base_model
from ftdemo.settings import EXAMPLES_FOLDER, REPOSITORY, child_environment
from ftdemo.studio import Studio
from tests.own_data import own_studio

from .align import finished
from .simulated_votes import RULES, Sampled, questions, vote

BATCH, TOKENS = 16, 40
FOUR_MODELS = """
import json, resource, sys, time
import torch
torch.set_num_threads(2)
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from transformers import TrainerCallback
import trl.experimental.ppo.ppo_trainer as module
from trl.experimental.ppo import PPOConfig, PPOTrainer
from ftdemo.aligning.ppo.advantages import gae, whiten
from ftdemo.aligning.ppo.losses import policy_loss, value_loss

base, folder, steps, batch, tokens, questions = sys.argv[1:]
steps, batch, tokens = int(steps), int(batch), int(tokens)
furthest = {}

def differ(name, found, wanted):
    apart = float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-6))
    furthest[name] = max(furthest.get(name, 0.0), apart)

whitened, meant = module.masked_whiten, module.masked_mean

def watched_whiten(values, mask, shift_mean=True):
    at = sys._getframe(1).f_locals
    result = whitened(values, mask, shift_mean)
    if "advantages_reversed" in at:
        there = ~at["padding_mask_p1"]
        advantages, returns = gae(at["rewards"], at["values"], there, at["args"].gamma, at["args"].lam)
        differ("advantages", advantages * mask, values * mask)
        differ("returns", returns * mask, at["returns"] * mask)
        # TRL's variance is that of a sample, ours that of the batch.
        count = float(mask.sum())
        differ("whitened", whiten(values, mask) * ((count - 1) / count) ** 0.5, result * mask)
    return result

def watched_mean(values, mask, axis=None):
    at, result = sys._getframe(1).f_locals, meant(values, mask, axis)
    if values is at.get("pg_loss_max"):
        given = at["new_logprobs"], at["mb_logprobs"], at["mb_advantage"], mask, at["args"].cliprange
        differ("policy loss", policy_loss(*given).loss, result)
    if values is at.get("vf_loss_max"):
        ours = value_loss(at["vpred"], at["mb_values"], at["mb_return"], mask, at["args"].cliprange_value)
        differ("value loss", ours, 0.5 * result)
    return result

module.masked_whiten, module.masked_mean = watched_whiten, watched_mean

class Clock(TrainerCallback):
    times = []
    def on_step_end(self, *given, **kwargs):
        self.times.append(time.monotonic())

tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")
tokenizer.pad_token = "<|endoftext|>"  # PPO of TRL tells the end by padding, which must not be the end token
rows = [tokenizer.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True,
                                      return_dict=False) for question in json.load(open(questions))]
def scorer():
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
    return model
def causal():
    return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
config = PPOConfig(
    output_dir=folder, per_device_train_batch_size=8, gradient_accumulation_steps=batch // 8,
    num_mini_batches=batch // 8, num_ppo_epochs=2, response_length=tokens, total_episodes=steps * batch,
    local_rollout_forward_batch_size=8, stop_token="eos", num_sample_generations=0, report_to=[],
    save_strategy="no", disable_tqdm=True, use_cpu=True, bf16=False, gradient_checkpointing=False)
trainer = PPOTrainer(config, tokenizer, causal(), causal(), scorer(), Dataset.from_dict({"input_ids": rows}),
                     scorer(), callbacks=[Clock()])
began = time.monotonic()
trainer.train()
times = [end - start for start, end in zip([began, *Clock.times], Clock.times)]
print("RESULT " + json.dumps({
    "seconds_a_step": times, "furthest_apart": furthest,
    "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""


def four_models(studio: Studio, trl: Path, steps: int) -> dict[str, Any]:
    """Run TRL's PPO, and this app's formulas on its tensors."""
    with tempfile.TemporaryDirectory() as temporary:
        asked = Path(temporary) / "questions.json"
        asked.write_text(json.dumps(questions(True)[: BATCH * steps]))
        base = ensure_base_model(studio.settings)
        arguments = [str(base.folder), temporary, str(steps), str(BATCH), str(TOKENS), str(asked)]
        path = os.pathsep.join([str(trl), str(REPOSITORY)])
        done = subprocess.run(
            [sys.executable, "-c", FOUR_MODELS, *arguments],
            env={**child_environment(studio.settings), "PYTHONPATH": path, "TRL_EXPERIMENTAL_SILENCE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            found: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return found
    sys.exit(f"TRL's PPO failed:\n{done.stderr[-3000:]}")


def tuning(studio: Studio) -> dict[str, Any]:
    """LoRA tuning of the tour, as the page does it."""
    studio.samples.add(EXAMPLES_FOLDER / "pavan_belagatti.jsonl", "s")
    job = finished(studio, studio.tune("tuned", "s"))
    return {"peak_memory_bytes": job.metrics["peak_memory_bytes"]}


def policy(studio: Studio, steps: int) -> dict[str, Any]:
    """PPO against a reward model of made-up votes."""
    answers = ("It is.", "It is a thing that one can say a lot about if one has the time, which I do not.")
    vote(studio, RULES["at random"], [Sampled(question, answers) for question in questions(True)], 40)
    finished(studio, studio.train_reward_model("taste", epochs=1))
    job = studio.align(
        "policy", "ppo", reward="taste", steps=steps, prompts_per_batch=BATCH, max_new_tokens=TOKENS,
        sampled_answers=0, compared_prompts=0,
    )  # fmt: skip
    done = finished(studio, job)
    curve = studio.store.jobs.metrics(job.id)
    held = [point.memory_bytes or 0 for point in curve[1:]]  # the first step has not seen all there is to do
    points = [point.figures or {} for point in curve]
    parts = ("generation_seconds", "scoring_seconds", "update_seconds")
    return {
        "peak_memory_bytes": done.metrics["peak_memory_bytes"],
        "memory_growth": round(held[-1] / held[0], 2),
        "steps": [{part: round(point[part], 2) for part in parts} for point in points],
        "seconds_a_step": [sum(point[part] for part in parts) for point in points],
    }


def main() -> None:
    """Measure each in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--trl", type=Path, help="folder with TRL 1.12 in it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        studio = own_studio(Path(temporary) / "app", training_threads=2)
        began = time.monotonic()
        results: dict[str, Any] = {"lora": tuning(studio), "ppo": policy(studio, arguments.steps)}
        peak = results["ppo"]["peak_memory_bytes"]
        results["ppo_memory_over_lora"] = round(peak / results["lora"]["peak_memory_bytes"], 2)
        if arguments.trl:
            results["four_models"] = four_models(studio, arguments.trl, arguments.steps)
            results["four_models_memory_over_ppo"] = round(
                results["four_models"]["peak_memory_bytes"] / peak, 2
            )
        results["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
