"""Rows per second and peak memory of reading, checking and saving samples, as sets grow.

    python -m tests.benchmarks.samples [ROWS ...]

Beside it: `datasets.load_dataset` followed by `to_pandas` on the same file, which only reads, as 'read'
does. Each measurement is a process of its own; memory is what it used above its imports.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ftdemo.settings import REPOSITORY

SIZES = (1_000, 10_000, 100_000)
WAYS = ("read", "check", "add", "datasets")
WORDS = 14, 76
"""Words in a question and in an answer: 100,000 rows make about 60 MB."""


def write_samples(path: Path, rows: int) -> None:
    """Write a JSONL file of random words."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(5_000)]
    with path.open("w", encoding="utf-8") as file:
        for _ in range(rows):
            question, answer = (" ".join(chance.choices(words, k=count)) for count in WORDS)
            file.write(json.dumps({"question": question + "?", "answer": answer}) + "\n")


def measure(way: str, path: Path, folder: Path) -> dict[str, float]:
    """Do the work once in this process; seconds, and peak memory above the imports in megabytes."""
    if way == "datasets":
        import datasets
        import pandas as pd  # noqa: F401 - its import is not what is measured

        datasets.disable_progress_bars()

        def work() -> int:
            loaded = datasets.load_dataset("json", data_files=str(path), cache_dir=str(folder), split="train")
            return len(loaded.to_pandas())
    else:
        import numpy as np  # noqa: F401

        from ftdemo.files.rows import ReadOptions
        from ftdemo.samples import SampleLibrary
        from ftdemo.samples.reading import open_source
        from ftdemo.store import Store

        library = SampleLibrary(Store(folder / "benchmark.db"), 1_000)

        def work() -> int:
            if way == "read":
                with open_source(path, ReadOptions()) as source:
                    return sum(1 for _ in source.rows)
            return (library.check(path) if way == "check" else library.add(path)[1]).rows_kept

    before = _peak_megabytes()
    began = time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - began
    return {"rows": rows, "seconds": seconds, "megabytes": _peak_megabytes() - before}


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main(sizes: list[int]) -> None:
    """Measure each way at each size, and print a table with the ratios to `datasets`."""
    print("| rows | file MB | way | seconds | rows/s | peak MB | time ratio | memory ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "samples.jsonl"
            write_samples(path, rows)
            results = {way: _in_process(way, path, Path(name) / way) for way in WAYS}
            other = results["datasets"]
            for way, result in results.items():
                print(
                    f"| {rows:,} | {path.stat().st_size / 1e6:.1f} | {way} | {result['seconds']:.2f} "
                    f"| {result['rows'] / result['seconds']:,.0f} | {result['megabytes']:.0f} "
                    f"| {result['seconds'] / other['seconds']:.2f} "
                    f"| {result['megabytes'] / other['megabytes']:.2f} |"
                )


def _in_process(way: str, path: Path, folder: Path) -> dict[str, float]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.benchmarks.samples", "--measure", way, str(path), str(folder)]
    output = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))))
    else:
        main([int(argument) for argument in sys.argv[1:]] or list(SIZES))
