"""The machine's measured peak: the best of some large products and convolutions of torch."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

SECONDS = 0.5  # per figure


def measure_peaks(device: str, threads: int) -> dict[str, Any]:
    """FLOP/s by operation and precision, with the machine and the version of torch."""
    torch.set_num_threads(threads)
    facts: dict[str, Any] = {
        "torch": torch.__version__,
        "cpuCapability": torch.backends.cpu.get_cpu_capability(),
        "gpu": None if device == "cpu" else torch.cuda.get_device_name(),
    }
    kinds = [("fp32", torch.float32, False), ("bf16", torch.bfloat16, False)]
    if device != "cpu":
        kinds += [("tf32", torch.float32, True), ("fp16", torch.float16, False)]
    for name, dtype, tf32 in kinds:
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        facts[name] = {"matmul": matmul_peak(device, dtype), "conv": conv_peak(device, dtype)}
    return facts


def matmul_peak(device: str, dtype: torch.dtype) -> float:
    """If the small product shows that the large one would take too long, the small one counts."""
    best = 0.0
    for n in (512, 2048) if device == "cpu" else (8192,):
        if best > 0 and 2 * n**3 / best > 4 * SECONDS:
            break
        a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
        best = max(best, best_rate(2 * n**3, device, lambda: a @ b))
    return best


@torch.no_grad()
def conv_peak(device: str, dtype: torch.dtype) -> float:
    """The best of the net's four 3x3 convolutions at width 64, without bias, channels last."""
    batch = 16 if device == "cpu" else 512
    rates = []
    for channels, side in ((64, 32), (128, 16), (256, 8), (512, 4)):
        def make(*shape: int) -> torch.Tensor:
            values = torch.randn(*shape, device=device).to(dtype)
            return values.contiguous(memory_format=torch.channels_last)

        x, w = make(batch, channels, side, side), make(channels, channels, 3, 3)
        flops = 2 * 9 * channels**2 * side**2 * batch
        rates.append(best_rate(flops, device, lambda: functional.conv2d(x, w, padding=1)))
    return max(rates)


def best_rate(flops: float, device: str, work: Callable[[], object]) -> float:
    calls = 1 if device == "cpu" else 10  # a GPU's calls overlap, so wait once for all
    best, end = 0.0, None
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            work()
        if device != "cpu":
            torch.cuda.synchronize()
        now = time.perf_counter()
        if end is None:  # the first is the warm-up
            end = now + SECONDS
            continue
        best = max(best, calls * flops / (now - start))
        if now > end:
            return best
