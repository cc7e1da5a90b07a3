"""Which device computes, and in which number format; imports torch when asked."""

from __future__ import annotations

import ctypes
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Precision = Literal["auto", "float32", "bfloat16"]
"""In which format matrix products are taken; 'auto' is bfloat16 where the device has instructions for it."""


@dataclass(frozen=True)
class Device:
    """Where and how a model computes.

    Args:
        type: 'cuda' or 'cpu', as torch names it.
        name: the device in words.
        bfloat16: whether it multiplies bfloat16 matrices natively. Without such instructions bfloat16 is
            far slower than float32, not faster.
    """

    type: str
    name: str
    bfloat16: bool

    @property
    def dtype(self) -> torch.dtype:
        """The number format for weights at inference.

        On a processor it is float32 even where bfloat16 is faster: there, rounding depends on what else is
        in the batch, and the 4-bit default model is so near a tie on some questions that its greedy answer
        to 'What is the capital of France?' changed with the length of the other side's question.
        """
        import torch

        return torch.bfloat16 if self.type == "cuda" and self.bfloat16 else torch.float32


def choose_device() -> Device:
    """The first CUDA device if there is one, else the processor."""
    import torch

    if torch.cuda.is_available():
        return Device("cuda", torch.cuda.get_device_name(), torch.cuda.is_bf16_supported())
    return Device("cpu", f"CPU, {threads_in_words(torch.get_num_threads())}", _cpu_has_bfloat16())


def computes_bfloat16(precision: Precision, device: Device) -> bool:
    """Whether matrix products are taken in bfloat16."""
    return device.bfloat16 if precision == "auto" else precision == "bfloat16"


def threads_in_words(count: int) -> str:
    """A number of processor threads, such as '2 threads'."""
    return f"{count} thread{'s' if count != 1 else ''}"


def _cpu_has_bfloat16() -> bool:
    """torch knows, but has no public question for it; another version may not have this one."""
    import torch

    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, bool)() for check in checks)


def has_cuda_device() -> bool:
    """Whether there is an NVIDIA graphics card with its driver; torch is not imported for the question."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "cuda"):
        return bool(torch.cuda.is_available())
    return shutil.which("nvidia-smi") is not None


def gpu_in_use() -> bool:
    """Whether models compute on a CUDA device here.

    Importing torch takes seconds, so NVIDIA's driver is asked first; torch is asked only if that knows of a
    device, as a torch built for processors does not use it.
    """
    return _driver_knows_a_device() and choose_device().type == "cuda"


def _driver_knows_a_device() -> bool:
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False
