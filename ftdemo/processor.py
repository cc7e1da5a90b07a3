"""How the chat and a training worker share the processor's cores."""

import os

SPINS = 5000


def wait_briefly() -> None:
    """Let OpenMP's threads, in this process and those it starts, spin only briefly while they wait.

    libgomp, which llama.cpp and torch compute with, reads this once, when it is loaded. Its own default is
    300,000 rounds: threads that only wait for each other then hold the cores, and while somebody chats all
    the time, a worker of lower priority on the same two cores did no step at all. With 5,000 it does one in
    seven of those it does alone, chat and training alone are as fast as before, and with 1,000 or no
    spinning they are slower. A value that is set already stays.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
