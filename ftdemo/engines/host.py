"""Getting the engine ready in the background, and saying how far that is."""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ftdemo.engines.protocol import Engine
from ftdemo.errors import UserError
from ftdemo.models.base import BaseModel, ensure_base_model
from ftdemo.models.progress import FetchProgress
from ftdemo.settings import Settings

log = logging.getLogger("ftdemo.engine")

State = Literal["not loaded", "fetching", "loading", "ready", "failed"]


@dataclass(frozen=True)
class EngineStatus:
    """How far the chat engine is.

    Args:
        state: 'not loaded', 'fetching' (the base model), 'loading', 'ready' or 'failed'.
        line: the same in a sentence, with figures.
        share: what part of a download has arrived, from 0 to 1, if that is known.
        engine: what answers, in words, once it is ready: 'llama.cpp, 2 threads'.
    """

    state: State
    line: str
    share: float | None = None
    engine: str = ""


class EngineHost:
    """Loads the engine once, when it is first needed or when asked to warm up.

    Args:
        settings: name the base model and the data folder.
        make: builds the engine for a base model; torch is imported in there.
    """

    def __init__(self, settings: Settings, make: Callable[[BaseModel], Engine]) -> None:
        self._settings = settings
        self._make = make
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self.status = EngineStatus("not loaded", "The base model is loaded with the first question.")

    def warm_up(self, delay_s: float = 0.0) -> None:
        """Begin to load in the background, unless that has begun; failures are told by `status`.

        Args:
            delay_s: seconds to wait first, so that whatever is being done now gets the processor.
        """
        if self.status.state == "not loaded":
            self.status = EngineStatus("fetching", "Looking for the base model.")
            thread = threading.Timer(delay_s, self._try)
            thread.daemon = True
            thread.start()

    def get(self) -> Engine:
        """The engine, once it is loaded; after a failure this tries again.

        Raises:
            UserError: the base model cannot be had or loaded.
        """
        with self._lock:
            if self._engine is None:
                self._engine = self._load()
            return self._engine

    def _try(self) -> None:
        try:
            self.get()
        except UserError:
            log.warning("the base model is not ready: %s", self.status.line)

    def _load(self) -> Engine:
        try:
            base = ensure_base_model(self._settings, self._report)
            self.status = EngineStatus("loading", f"Loading {base.name} from {base.source}.")
            engine = self._make(base)
        except UserError as error:
            self.status = EngineStatus("failed", str(error))
            raise
        except Exception as error:
            error_id = secrets.token_hex(4)
            log.exception("loading the base model failed, id %s", error_id)
            user_error = UserError(
                f"The base model {self._settings.base_model} cannot be loaded ({type(error).__name__}, "
                f"id {error_id}).",
                "Look up that id in the program's log; try another base model with FTDEMO_BASE_MODEL.",
            )
            self.status = EngineStatus("failed", str(user_error))
            raise user_error from error
        self.status = EngineStatus(
            "ready",
            f"{base.name}, from {base.source}; {engine.description}.",
            engine=engine.description,
        )
        return engine

    def _report(self, progress: FetchProgress) -> None:
        self.status = EngineStatus("fetching", str(progress), progress.share)
