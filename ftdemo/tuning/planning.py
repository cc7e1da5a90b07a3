"""From what somebody asks for to a job: put together, checked, estimated, queued."""

import importlib.util
from dataclasses import dataclass
from typing import Any

from ftdemo.errors import UserError
from ftdemo.jobs import JobQueue
from ftdemo.knobs import of_stored
from ftdemo.models import Models
from ftdemo.models.base import find_base_model
from ftdemo.names import BASE
from ftdemo.samples import SampleLibrary
from ftdemo.settings import Settings
from ftdemo.store import Store
from ftdemo.store.jobs import TUNE, Job
from ftdemo.store.lineage import Lineage, parent_of
from ftdemo.store.models import TunedModel
from ftdemo.store.samples import SampleSet
from ftdemo.tuning.calibration import calibrate, known_calibration
from ftdemo.tuning.estimate import Estimate, estimate_run
from ftdemo.tuning.methods import unavailable
from ftdemo.tuning.recipes import DEFAULT_RECIPE, settings_from
from ftdemo.tuning.settings import TuneSettings
from ftdemo.tuning.tokenised import TokenisedSamples, tokenise
from ftdemo.weights.shapes import read_shapes


@dataclass(frozen=True)
class Plan:
    """What a run is made of.

    Args:
        settings: the knobs.
        samples: the sample set; it has samples to learn from.
        parent: the tuned model it continues from; None for the base model.
    """

    settings: TuneSettings
    samples: SampleSet
    parent: TunedModel | None


class Planner:
    """Plans runs.

    Args:
        store: where measurements of this machine are kept.
        settings: name the base model.
        samples: the sample sets.
        models: the tuned models.
        jobs: the queue.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        samples: SampleLibrary,
        models: Models,
        jobs: JobQueue,
    ) -> None:
        self._store = store
        self._settings = settings
        self._samples = samples
        self._models = models
        self._jobs = jobs

    def plan(
        self,
        samples: str | None = None,
        recipe: str = DEFAULT_RECIPE,
        parent: str | None = None,
        like: int | None = None,
        **changes: Any,
    ) -> Plan:
        """Put together what a run is made of.

        Args:
            samples: the sample set's name.
            recipe: 'quick', 'balanced' or 'thorough'.
            parent: the tuned model to continue from; None or 'base' for the base model.
            like: a job whose samples, settings and start are taken where none are given here.
            **changes: settings other than the recipe's: the knobs of `TuneSettings`.

        Raises:
            UserError: a name or a setting cannot be used, or this machine cannot use the method.
        """
        if like is not None:
            job = self._jobs.get(like)
            given = {name: value for name, value in changes.items() if value is not None}
            changes = {**of_stored(job.settings, TuneSettings), **given}
            samples = samples or job.sample_set_name
            if not parent:
                known = parent_of(self._store, job)
                parent = known.name if known else BASE
        settings = settings_from(recipe, **changes)
        if not samples:
            raise UserError("No samples are chosen.", "Choose the sample set to learn from.")
        sample_set = self._samples.get(samples)
        if not sample_set.train:
            raise UserError(
                f"The sample set {samples!r} has no samples to learn from, only held-out ones.",
                "Give some of its rows the split 'train'.",
            )
        reason = unavailable(settings.method)
        if reason is not None:
            raise UserError(reason, "Choose the method lora.")
        if settings.report_to != "none" and importlib.util.find_spec(settings.report_to) is None:
            raise UserError(
                f"Reporting to {settings.report_to} needs the package {settings.report_to}, which is not "
                "installed.",
                "Install it with pip, or report to none of them.",
            )
        if parent in (None, "", BASE):
            return Plan(settings, sample_set, None)
        tuned = self._models.get(str(parent))
        self._models.files_of(self._models.usable(tuned))
        if settings.method == "qlora":
            raise UserError(
                f"QLoRA starts from the base model, not from {parent!r}.", "Choose the method lora."
            )
        return Plan(settings, sample_set, tuned)

    def tune(
        self, name: str, samples: str | None = None, recipe: str = DEFAULT_RECIPE, **changes: Any
    ) -> Job:
        """Queue a job that tunes the base model, or a tuned one further, on a sample set.

        Args:
            name: the tuned model's name to be.
            samples: the sample set's name.
            recipe: 'quick', 'balanced' or 'thorough'.
            **changes: as for `plan`.

        Raises:
            UserError: as for `plan`; or the name cannot be used, or the run would not fit into memory or on
                the disk. No job is queued then.
        """
        plan = self.plan(samples, recipe, **changes)
        name = self._models.check_new_name(name)
        # A base model that is yet to be fetched cannot be measured; the job then finds out for itself.
        if find_base_model(self._settings) is not None:
            refusal = self._estimate(plan).refusal
            if refusal is not None:
                raise UserError(*refusal)
        return self._jobs.submit(
            TUNE,
            name,
            plan.settings.as_dict(),
            Lineage.of(samples=plan.samples, parent=plan.parent),
        )

    def estimate(
        self,
        samples: str | None = None,
        recipe: str = DEFAULT_RECIPE,
        measure: bool = False,
        **changes: Any,
    ) -> Estimate:
        """Tell what `tune` with the same arguments would cost.

        Args:
            samples: the sample set's name.
            recipe: 'quick', 'balanced' or 'thorough'.
            measure: measure this machine's speed first, if that was not done; it takes some ten seconds.
            **changes: as for `plan`.

        Raises:
            UserError: as for `plan`; or the base model is not on this machine yet.
        """
        plan = self.plan(samples, recipe, **changes)
        if measure and find_base_model(self._settings) is not None:
            calibrate(self._store, self._settings, plan.settings.method)
        return self._estimate(plan)

    def _estimate(self, plan: Plan) -> Estimate:
        base = find_base_model(self._settings)
        if base is None:
            raise UserError(
                f"The base model {self._settings.base_model} is not on this machine yet.",
                "Ask it a question first: then it is fetched.",
            )

        def tokenised(split: Any) -> TokenisedSamples:
            samples = self._samples.samples(plan.samples.name, split)
            return tokenise(samples, base.folder, plan.settings.max_length, self._settings.token_cache)

        return estimate_run(
            read_shapes(base.folder),
            tokenised("train"),
            tokenised("held_out"),
            plan.settings,
            self._settings.data,
            known_calibration(self._store, self._settings, plan.settings.method),
        )
