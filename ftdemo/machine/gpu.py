"""Whether torch would compute on a GPU, found out without torch where there is none."""

import ctypes
import sys


def gpu_in_use() -> bool:
    """Whether models compute on a CUDA device here.

    Importing torch takes seconds, so NVIDIA's driver is asked first; torch is asked only if that knows of a
    device, as a torch built for processors does not use it.
    """
    if not _driver_knows_a_device():
        return False
    from ftdemo.machine.device import choose_device

    return choose_device().type == "cuda"


def _driver_knows_a_device() -> bool:
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False
