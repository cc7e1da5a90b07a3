import gc
from pathlib import Path

from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tuning.tokenised import _load, _save


def test_a_damaged_file_of_tokens_is_known_and_closed(tmp_path: Path) -> None:
    file, samples = tmp_path / "kept.npz", [TokenisedSample([1, 2, 3], 1), TokenisedSample([4, 5], 1)]
    _save(samples, file)
    assert _load(file) == samples
    file.write_bytes(file.read_bytes()[:40])
    assert _load(file) is None
    gc.collect()  # a file that was left open would be found now
