from collections.abc import Sequence
from pathlib import Path

import pytest

from ftdemo.engines.llama import pool as llama_pool
from ftdemo.engines.llama.files import LlamaFiles
from ftdemo.engines.llama.pool import LlamaPool

BASE, OTHER = Path("base.gguf"), Path("other.gguf")


class Loader:
    """Notes what is loaded and how much is in memory at once."""

    def __init__(self) -> None:
        self.loaded: list[tuple[Path, list[Path]]] = []
        self.alive = 0
        self.most_alive = 0

    def __call__(self, model: Path, adapters: Sequence[Path]) -> "Loader.Server":
        self.loaded.append((model, list(adapters)))
        return Loader.Server(self)

    class Server:
        def __init__(self, loader: "Loader") -> None:
            self.loader = loader
            loader.alive += 1
            loader.most_alive = max(loader.alive, loader.most_alive)

        def __del__(self) -> None:
            self.loader.alive -= 1


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def pool(loader: Loader) -> LlamaPool:
    return LlamaPool(loader, context=100)  # type: ignore[arg-type]


def adapter(tmp_path: Path, name: str) -> Path:
    file = tmp_path / name
    file.touch()
    return file


def test_base_and_adapters_are_one_model_in_memory(pool: LlamaPool, loader: Loader, tmp_path: Path) -> None:
    a, b = adapter(tmp_path, "a"), adapter(tmp_path, "b")
    pool.get(LlamaFiles(BASE))
    assert pool.get(LlamaFiles(BASE, a))[1] == 0
    assert pool.get(LlamaFiles(BASE, b))[1] == 1
    for files, place in ((LlamaFiles(BASE, a), 0), (LlamaFiles(BASE), None), (LlamaFiles(BASE, b), 1)):
        assert pool.get(files)[1] == place
    assert [adapters for _, adapters in loader.loaded] == [[], [a], [a, b]]
    assert loader.most_alive == 1


def test_the_adapter_not_used_for_longest_leaves(
    pool: LlamaPool, loader: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_pool, "MAX_ADAPTERS", 2)
    a, b, c = (adapter(tmp_path, name) for name in "abc")
    for used in (a, b, a, c):
        pool.get(LlamaFiles(BASE, used))
    assert set(loader.loaded[-1][1]) == {a, c}


def test_an_adapter_whose_model_was_removed_is_not_loaded_again(
    pool: LlamaPool, loader: Loader, tmp_path: Path
) -> None:
    a, b = adapter(tmp_path, "a"), adapter(tmp_path, "b")
    pool.get(LlamaFiles(BASE, a))
    a.unlink()
    pool.get(LlamaFiles(BASE, b))
    assert loader.loaded[-1][1] == [b]


def test_the_model_not_used_for_longest_leaves(
    pool: LlamaPool, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_pool, "MAX_MODELS", 2)
    for model in (BASE, OTHER, BASE, Path("third.gguf"), BASE):
        pool.get(LlamaFiles(model))
    assert [model for model, _ in loader.loaded] == [BASE, OTHER, Path("third.gguf")]
    assert loader.alive == 2


def test_a_damaged_adapter_keeps_nobody_else_from_being_answered(
    pool: LlamaPool, loader: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, damaged = adapter(tmp_path, "good"), adapter(tmp_path, "damaged")
    load = pool._load

    def refuse_damaged(model: Path, adapters: Sequence[Path]) -> object:
        if damaged in adapters:
            raise RuntimeError("failed to load the adapter")
        return load(model, adapters)

    monkeypatch.setattr(pool, "_load", refuse_damaged)
    assert pool.get(LlamaFiles(BASE, good))[1] == 0
    for _ in range(2):
        with pytest.raises(RuntimeError):
            pool.get(LlamaFiles(BASE, damaged))
        assert pool.get(LlamaFiles(BASE))[1] is None
        assert pool.get(LlamaFiles(BASE, good))[1] == 0
