"""Runs the official procedure on a BackdoorBench record. Writes what is needed to compare another
implementation with it: the batch order, the first batch's tensors, and the losses and metrics of
each round.

Writes OUT/order.json (rounds * clean-count positions in the clean subset, round by round),
OUT/first_batch.pt (indices, delta, outer gradient by parameter name) and OUT/result.json.
Without --batch-order the order is drawn from the seed.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data import (
    Normalization,
    clean_subset_indices,
    read_attack_result,
    read_cifar10,
    read_poisoned_test,
)
from evaluate import evaluate
from preact_resnet import PreActResNet18
from sau import OuterLosses, Perturbation, SauOptions, run_rounds


class Stopwatch:
    """Seconds per named part, summed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - start
        print(f"{name}: {time.perf_counter() - start:.1f} s", flush=True)


def main() -> None:
    args = parse_arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.backends.cudnn.deterministic = True
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    watch = Stopwatch()

    with watch.part("load"):
        attack = read_attack_result(args.record)
        train_set = read_cifar10(args.cifar, "train")
        indices = clean_subset_indices(len(train_set), args.ratio, args.seed)[: args.clean_count]
        subset = train_set.select(indices)
        clean = read_cifar10(args.cifar, "test").select(slice(0, args.test_limit))
        poisoned = read_poisoned_test(args.record, attack, args.test_limit)
        normalization = Normalization(device=args.device)
        f, g = (load_model(attack, args.device) for _ in range(2))
    orders = read_order(args, len(subset))
    (args.out / "order.json").write_text(json.dumps(sum(orders, [])) + "\n")

    options = SauOptions(rounds=args.rounds, batch_size=args.batch_size)
    result: dict[str, Any] = {
        "torch": torch.__version__,
        "device": args.device,
        "threads": torch.get_num_threads(),
        "options": asdict(options),
        "eval_batch_size": args.eval_batch_size,
        "clean_indices": indices,
        "rounds": [],
    }

    def measure() -> dict[str, Any]:
        with watch.part("evaluation"):
            metrics = evaluate(f, clean, poisoned, normalization, args.eval_batch_size)
        print(metrics, flush=True)
        return asdict(metrics)

    result["before"] = measure()
    history: list[dict[str, Any]] = []
    started = time.perf_counter()

    def on_batch(number: int, batch: int, found: Perturbation, losses: OuterLosses) -> None:
        nonlocal started
        facts = {
            "shared_counts": found.shared_counts,
            "pgd_losses": found.losses,
            **scalars(losses),
            "seconds": time.perf_counter() - started,
        }
        watch.seconds["unlearning"] += facts["seconds"]
        history.append(facts)
        if number == batch == 0:
            result["first_batch"] = facts
            positions = torch.tensor(orders[0][: args.batch_size])
            save_first_batch(f, torch.tensor(indices)[positions], found.delta, args.out)
        print(f"round {number} batch {batch}: {json.dumps(facts)}", flush=True)
        started = time.perf_counter()

    def on_round(number: int) -> None:
        nonlocal started
        keys = ("loss", "clean_loss", "adversarial_loss", "shared_loss")
        means = {key: float(np.mean([facts[key] for facts in history])) for key in keys}
        result["rounds"].append({**means, "batches": list(history), "metrics": measure()})
        history.clear()
        started = time.perf_counter()

    run_rounds(f, g, subset, normalization, options, orders, on_batch, on_round)
    result["seconds"] = dict(watch.seconds)
    (args.out / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["seconds"]))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--cifar", type=Path, required=True, help="cifar-10-batches-bin")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ratio", type=float, default=0.05)
    parser.add_argument("--clean-count", type=int, default=2500)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--eval-batch-size", type=int, default=256)
    parser.add_argument("--batch-order", type=Path, help="json or npy: rounds * count positions")
    parser.add_argument("--test-limit", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch chooses")
    return parser.parse_args()


def load_model(attack: dict[str, Any], device: str) -> PreActResNet18:
    model = PreActResNet18(attack["num_classes"])
    model.load_state_dict(attack["model"])
    return model.to(device).eval()


def read_order(args: argparse.Namespace, count: int) -> list[list[int]]:
    """One permutation of the clean subset's positions per round."""
    if args.batch_order is None:
        generator = torch.Generator().manual_seed(args.seed)
        return [torch.randperm(count, generator=generator).tolist() for _ in range(args.rounds)]
    if args.batch_order.suffix == ".npy":
        flat = np.load(args.batch_order).tolist()
    else:
        flat = json.loads(args.batch_order.read_text())
    if len(flat) != args.rounds * count:
        raise ValueError(
            f"Expected {args.rounds} * {count} positions in the batch order but found {len(flat)}"
        )
    return [flat[i * count : (i + 1) * count] for i in range(args.rounds)]


def scalars(losses: OuterLosses) -> dict[str, Any]:
    return {
        "clean_loss": losses.clean.item(),
        "adversarial_loss": losses.adversarial.item(),
        "shared_loss": losses.shared.item(),
        "loss": losses.total.item(),
        "suspects": int(losses.suspects.sum().item()),
    }


def save_first_batch(f: PreActResNet18, indices: Tensor, delta: Tensor, out: Path) -> None:
    """The outer gradient is still in `.grad`, because the optimizer step leaves it there."""
    gradient = {f"gradient.{name}": p.grad.cpu() for name, p in f.named_parameters()}
    torch.save({"indices": indices, "delta": delta.cpu(), **gradient}, out / "first_batch.pt")


if __name__ == "__main__":
    main()
