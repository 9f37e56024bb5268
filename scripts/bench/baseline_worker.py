"""Runs the official procedure in a process of its own. Answers JSON lines on stdin with JSON lines.

{"command": "load" | "run" | "memory" | "peaks", ...}. `load` takes the world that bench.mjs made
and reads checkpoint and images; `run` measures one part and may save its result; `memory` returns
the peak since `load`. The timed part is the call into the oracle and, on a GPU, the wait for its
end.
"""

import gc
import json
import re
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from baseline_model import load_model, set_precision  # first: it finds the oracle
from baseline_methods import UNITS, Scene
import numpy as np
import torch
from torch import Tensor

from data import ImageSet, Normalization, read_attack_result, read_cifar10, read_poisoned_test
from evaluate import evaluate
from peaks import measure_peaks
from sau import PgdOptions, SauOptions, outer_losses, perturb, run_rounds
from train import TrainOptions, train

Answer = dict[str, Any]
NUDGE = 1 + 2**-22  # of the yardstick: the last bits of bound and step


class Baseline:
    def __init__(self, world: Answer) -> None:
        self.world = world
        self.device = world["device"]
        torch.set_num_threads(world["threads"])
        torch.backends.cudnn.deterministic = True  # as the official tool's fix_random
        set_precision(world["precision"])
        self.options = SauOptions(rounds=world["rounds"], batch_size=world["batch"])

    def load(self) -> None:
        """Models and images for every part except `loading`."""
        attack, self.subset, self.clean, self.poisoned = self.read()
        self.normalization = Normalization(device=self.device)
        start = torch.load(self.world["trainee"], map_location="cpu", weights_only=True)
        self.f, self.g = load_model(start, self.device), load_model(attack, self.device)
        self.batch = self.subset.select(slice(0, self.world["batch"]))

    def start(self) -> dict[str, Tensor]:
        """The weights that every run starts from. They are read anew, so that none lie in memory
        during a run."""
        start = torch.load(self.world["trainee"], map_location="cpu", weights_only=True)
        return start["model"]

    def read(self) -> tuple[Any, ...]:
        """The attacked model's checkpoint; clean subset, clean and poisoned test images."""
        if "reference" in self.world:
            tensors = torch.load(self.world["images"], weights_only=True)
            sets = (image_set(tensors, n) for n in ("cleanSubset", "cleanTest", "poisonedTest"))
            return torch.load(self.world["reference"], weights_only=True), *sets
        record, cifar = Path(self.world["record"]), Path(self.world["data"])
        limit = self.world["testLimit"]
        attack = read_attack_result(record)
        subset = read_cifar10(cifar, "train").select(self.world["cleanIndices"])
        clean = read_cifar10(cifar, "test").select(slice(0, limit))
        return attack, subset, clean, read_poisoned_test(record, attack, limit)

    def run(self, part: str, save: str | None) -> Answer:
        if part != "loading":
            self.f.load_state_dict(self.start())
            self.f.zero_grad()
            self.f.eval()
        gc.collect()
        self.wait()
        start, used = time.perf_counter(), time.process_time()
        result, finish = self.method(part) if part in UNITS else getattr(self, part)()
        self.wait()
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - used
        return {"seconds": seconds, "cpuSeconds": cpu_seconds, **finish(result, save)}

    def loading(self) -> tuple[Any, Callable[..., Answer]]:
        def finish(result: Any, _save: str | None) -> Answer:
            sets = dict(zip(("cleanSubset", "cleanTest", "poisonedTest"), result[1:]))
            return {name: image_sums(s.images, s.labels) for name, s in sets.items()}

        return self.read(), finish

    def pgd(self) -> tuple[Any, Callable[..., Answer]]:
        return self.perturbation(self.options.pgd)

    def yardstick(self) -> tuple[Any, Callable[..., Answer]]:
        """The perturbation with other rounding: every pixel differs in its last bits.

        Not by another layout: with channels last, torch 2.13 crashes on an AVX2 CPU in the weight
        gradients of a net of width 4.
        """
        pgd = self.options.pgd
        bound, step_size = pgd.bound * NUDGE, pgd.step_size * NUDGE
        return self.perturbation(replace(pgd, bound=bound, step_size=step_size))

    def perturbation(self, pgd: PgdOptions) -> tuple[Any, Callable[..., Answer]]:
        x = self.normalization.from_uint8(self.batch.images)
        y = self.batch.labels.to(self.device)
        found = perturb(self.f, self.g, x, y, self.normalization, pgd)

        def finish(delta: Tensor, save: str | None) -> Answer:
            write(delta, save)
            return {"steps": len(found.shared_counts), "sharedCounts": found.shared_counts}

        return found.delta.cpu(), finish

    def outer(self) -> tuple[Any, Callable[..., Answer]]:
        x = self.normalization.from_uint8(self.batch.images)
        y = self.batch.labels.to(self.device)
        delta = torch.from_numpy(np.fromfile(self.world["delta"], dtype=np.float32))
        losses = outer_losses(
            self.f, self.g, x, y, delta.view(x.shape).to(x), self.normalization, self.options.outer
        )
        self.f.zero_grad()
        losses.total.backward()

        def finish(_result: None, save: str | None) -> Answer:
            named = sorted(self.f.named_parameters())
            write(torch.cat([p.grad.flatten() for _, p in named]), save)
            return {"loss": losses.total.item(), "suspects": int(losses.suspects.sum().item())}

        return None, finish

    def round(self) -> tuple[Any, Callable[..., Answer]]:
        first: list[tuple[int, list[float], int]] = []  # batches of the first round

        def keep(round_: int, _batch: int, found: Any, losses: Any) -> None:
            if round_ > 0:
                return
            first.append((
                len(found.shared_counts),
                [losses.total.item(), losses.clean.item(), losses.shared.item()],
                int(losses.suspects.sum().item()),
            ))

        run_rounds(
            self.f,
            self.g,
            self.subset,
            self.normalization,
            self.options,
            [list(range(len(self.subset)))] * self.world["rounds"],
            keep,
            lambda _round: None,
        )

        def finish(_result: None, _save: str | None) -> Answer:
            steps, losses, suspects = zip(*first)
            loss, clean, shared = np.mean(losses, axis=0).tolist()
            share = sum(suspects) / len(self.subset)
            return {
                "steps": float(np.mean(steps)),
                "losses": {"loss": loss, "cleanLoss": clean, "sharedLoss": shared},
                "suspectShare": share,
            }

        return None, finish

    def evaluation(self) -> tuple[Any, Callable[..., Answer]]:
        size = self.world["evalBatch"]
        metrics = evaluate(self.f, self.clean, self.poisoned, self.normalization, size)
        return metrics, lambda result, _save: {"metrics": asdict(result)}

    def training(self) -> tuple[Any, Callable[..., Answer]]:
        options = TrainOptions(batch_size=self.world["batch"])
        orders = [list(range(len(self.subset)))]
        losses, _ = train(self.f, self.subset, self.normalization, options, orders)
        return losses, lambda result, _save: {"loss": float(np.mean(result))}

    def method(self, part: str) -> tuple[Any, Callable[..., Answer]]:
        unit = self.world["units"][part]
        scene = Scene(self.f, self.subset, self.normalization, unit["rounds"])

        def finish(result: list[float], save: str | None) -> Answer:
            write(changes(self.start(), self.f.state_dict()), save)
            return {"found": result}

        return UNITS[part](scene, unit["options"]), finish

    def wait(self) -> None:
        if self.device != "cpu":
            torch.cuda.synchronize()


def image_set(tensors: dict[str, Tensor], name: str) -> ImageSet:
    return ImageSet(*(tensors[f"{name}.{kind}"] for kind in ("images", "labels", "trueLabels")))


def image_sums(images: Tensor, labels: Tensor) -> list[int]:
    return [len(images), int(images.sum(dtype=torch.int64)), int(labels.sum())]


def changes(before: dict[str, Tensor], after: dict[str, Tensor]) -> Tensor:
    """What was added to the weights and running statistics, in the order of their names."""
    names = sorted(name for name in after if not name.endswith("num_batches_tracked"))
    return torch.cat([(after[name].cpu() - before[name]).flatten() for name in names])


def write(values: Tensor, path: str | None) -> None:
    if path is not None:
        values.detach().cpu().float().numpy().tofile(path)


# Resident memory of this process (Linux). getrusage is not used: its peak survives exec, counts the
# parent and cannot be reset.
def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def resident_mib() -> float:
    return status("VmRSS")


def peak_mib() -> float:
    return status("VmHWM")


def status(field: str) -> float:
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", text).group(1)) / 1024


def main() -> None:
    baseline = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            match request["command"]:
                case "load":
                    baseline = Baseline(request["world"])
                    if request["part"] != "loading":
                        baseline.load()
                    gc.collect()
                    reset_peak()
                    answer = {"restMiB": resident_mib(), "torch": torch.__version__}
                case "run":
                    answer = baseline.run(request["part"], request["save"])
                case "memory":
                    answer = {"peakMiB": peak_mib()}
                case "peaks":
                    answer = measure_peaks(request["device"], request["threads"])
        except Exception as error:  # every error becomes the answer to the request
            traceback.print_exc()
            answer = {"error": f"baseline: {error!r}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
