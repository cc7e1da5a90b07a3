"""How the chat and a training worker share the processor's cores and memory."""

import os

SPINS = 5000
CACHED_KERNELS = 64


def wait_briefly() -> None:
    """Let OpenMP's threads, in this process and those it starts, spin only briefly while they wait.

    libgomp, which llama.cpp and torch compute with, reads this once, when it is loaded. Its own default is
    300,000 rounds: threads that only wait for each other then hold the cores, and while somebody chats all
    the time, a worker of lower priority on the same two cores did no step at all. With 5,000 it does one in
    seven of those it does alone, chat and training alone are as fast as before, and with 1,000 or no
    spinning they are slower. A value that is set already stays.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))


def keep_few_kernels() -> None:
    """Let oneDNN, and torch's layer over it, keep few of the kernels they make, here and in child processes.

    On processors with bfloat16 they make one for each size of a product, and keep 1024 in each of two caches,
    with memory of their own: as answers have ever new lengths, a step of PPO held 60 MB more than the one
    before. The layers of a model need the same few sizes one after another, and with 64 kept a step takes no
    longer. Read by the libraries when they are first used; a value that is set already stays.
    """
    for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(name, str(CACHED_KERNELS))
