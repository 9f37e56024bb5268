"""Writes the fixtures of the native tests: `make_fixtures.py OUT [--record DIR --cifar DIR]`.

Each .pt is a torch.save file of a flat dict name -> contiguous tensor; scalars are in
fixtures.json. Vectors called parameters, gradient or statistics are flat, in the order of the
json's `layout`. The same machine and library versions give the same bytes. With --record and
--cifar it also writes the only fixture at the scale of a real record; without them its figures in
fixtures.json are kept.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data import CIFAR10_MEAN, CIFAR10_STD, ImageSet, Normalization
from evaluate import evaluate
from flat import gradient_of, layout_of, parameters_of, statistics_of
from golden import golden_losses
from preact_resnet import PreActResNet18
from record_fixture import make_record_fixture
from sau import (
    OuterLosses,
    OuterOptions,
    Perturbation,
    PgdOptions,
    SauOptions,
    make_optimizer,
    outer_losses,
    perturb,
    run_rounds,
    unlearn_batch,
)
from tiny import NUM_CLASSES, SIDE, WIDTH, TinyWorld, copy_of, make_world
from train import TrainOptions, train

BATCH = 6
BOUNDS = {"L_inf": 0.2, "L1": 30.0, "L2": 1.5, "Reg": 0.2}
Tensors = dict[str, Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--cifar", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)

    world = make_world()
    batch = world.clean.select(slice(0, BATCH))
    delta, pgd = make_pgd(world, batch)
    facts: dict[str, Any] = {
        "torch": torch.__version__,
        "model": f"preactresnet18_w{WIDTH}",
        "num_classes": NUM_CLASSES,
        "side": SIDE,
        "mean": CIFAR10_MEAN,
        "std": CIFAR10_STD,
        "layout": layout_of(world.reference),
        **golden_losses(),
        "pgd": pgd,
    }
    outer, facts["outer"] = make_outer(world, batch, delta["L1_max"])
    steps, facts["steps"] = make_steps(world, batch, delta)
    rounds, facts["rounds"] = make_rounds(world)
    training, facts["training"] = make_training(world)
    metrics, facts["metrics"] = make_metrics(world)

    previous = args.out / "fixtures.json"
    if args.record and args.cifar:
        record, facts["record_batch64"] = make_record_fixture(args.record, args.cifar)
        save(record, args.out / "record_batch64.pt")
    elif previous.exists():
        facts["record_batch64"] = json.loads(previous.read_text())["record_batch64"]

    save(dict(world.reference.state_dict()), args.out / "tiny_reference.pt")
    save(dict(world.trainee.state_dict()), args.out / "tiny_trainee.pt")
    save(batch_tensors(world, batch), args.out / "tiny_batch.pt")
    save(delta, args.out / "pgd.pt")
    save(outer, args.out / "outer.pt")
    save(steps, args.out / "steps.pt")
    save(rounds, args.out / "rounds.pt")
    save(training, args.out / "training.pt")
    save(metrics, args.out / "metrics.pt")
    previous.write_text(json.dumps(facts, indent=1) + "\n")


def save(tensors: Tensors, path: Path) -> None:
    torch.save({name: t.detach().clone().contiguous() for name, t in tensors.items()}, path)


@torch.no_grad()
def batch_tensors(world: TinyWorld, batch: ImageSet) -> Tensors:
    x = world.normalization.from_uint8(batch.images)
    return {
        "images": batch.images,
        "labels": batch.labels,
        "mean": torch.tensor(CIFAR10_MEAN),
        "std": torch.tensor(CIFAR10_STD),
        "reference_logits": world.reference(x),
        "trainee_logits": world.trainee(x),
    }


def make_pgd(world: TinyWorld, batch: ImageSet) -> tuple[Tensors, dict[str, Any]]:
    """delta for every norm and start, and for other weights of the two terms.

    float64_agreement is the share of elements that double precision does not change by more than
    1e-4. No other implementation in single precision can be expected to agree better.
    """
    cases = {
        f"{norm}_{init}": PgdOptions(norm=norm, bound=bound, init=init)
        for norm, bound in BOUNDS.items()
        for init in ("max", "min", "zero")
    }
    cases["L_inf_max_beta"] = PgdOptions(beta1=1.0, beta2=0.3)
    deltas, facts = {}, {}
    for name, options in cases.items():
        result = run_pgd(world, batch, options, torch.float32)
        double = run_pgd(world, batch, options, torch.float64)
        close = (result.delta - double.delta).abs() < 1e-4
        deltas[name] = result.delta
        facts[name] = {
            **asdict(options),
            "shared_counts": result.shared_counts,
            "losses": result.losses,
            "float64_agreement": close.double().mean().item(),
        }
    return deltas, facts


def run_pgd(
    world: TinyWorld, batch: ImageSet, options: PgdOptions, dtype: torch.dtype
) -> Perturbation:
    normalization = Normalization(dtype=dtype)
    f, g = copy_of(world.trainee).to(dtype), copy_of(world.reference).to(dtype)
    x = normalization.from_uint8(batch.images)
    return perturb(f, g, x, batch.labels, normalization, options)


def make_outer(
    world: TinyWorld, batch: ImageSet, delta: Tensor
) -> tuple[Tensors, dict[str, Any]]:
    """Losses for lambdas (1,0,1) and (1,0.5,2), BN in eval and in train mode; gradients of two."""
    x = world.normalization.from_uint8(batch.images)
    tensors: Tensors = {"delta": delta}
    facts: dict[str, Any] = {}
    for weights in ((1.0, 0.0, 1.0), (1.0, 0.5, 2.0)):
        for train_mode in (False, True):
            f = copy_of(world.trainee)
            options = OuterOptions(*weights, train_mode=train_mode)
            losses = outer_losses(
                f, world.reference, x, batch.labels, delta, world.normalization, options
            )
            name = f"{'x'.join(f'{w:g}' for w in weights)}_{'train' if train_mode else 'eval'}"
            facts[name] = {**asdict(options), **scalars(losses)}
            if name in ("1x0x1_eval", "1x0.5x2_train"):
                losses.total.backward()
                tensors[f"{name}.gradient"] = gradient_of(f)
            if name == "1x0.5x2_train":
                tensors[f"{name}.statistics"] = statistics_of(f)
                facts[name]["batches_tracked"] = batches_tracked(f)
    return tensors, facts


def make_steps(
    world: TinyWorld, batch: ImageSet, deltas: Tensors
) -> tuple[Tensors, dict[str, Any]]:
    """The trainee's parameters after 1 and 3 outer steps on fixed batches and fixed deltas."""
    rows = torch.tensor([[0, 1, 2, 3], [5, 3, 1, 4], [2, 0, 4, 5]])
    fixed = torch.stack([deltas[f"L2_{init}"][r] for init, r in zip(("max", "min", "zero"), rows)])
    tensors: Tensors = {"rows": rows, "delta": fixed}
    facts: dict[str, Any] = {}
    for optimizer_name in ("adam", "sgd"):
        for decay in (0.0, 5e-4):
            name = f"{optimizer_name}_wd{decay:g}"
            options = SauOptions(optimizer=optimizer_name, weight_decay=decay)
            f, g = copy_of(world.trainee), copy_of(world.reference)
            optimizer = make_optimizer(f, options)
            history = []
            for number, (r, delta) in enumerate(zip(rows, fixed), start=1):
                x = world.normalization.from_uint8(batch.images[r])
                losses = unlearn_batch(
                    f, g, optimizer, x, batch.labels[r], delta, world.normalization, options
                )
                history.append(scalars(losses))
                if number in (1, 3):
                    tensors[f"{name}.step{number}.parameters"] = parameters_of(f)
            facts[name] = {
                "optimizer": optimizer_name,
                "learning_rate": options.learning_rate,
                "weight_decay": decay,
                "momentum": 0.9,
                "steps": history,
            }
    return tensors, facts


def make_rounds(world: TinyWorld) -> tuple[Tensors, dict[str, Any]]:
    """The whole procedure: two rounds over 14 images in batches of 4, 4, 4 and 2, in a given order.

    The losses are those of the last outer step of each batch. float64_update_error is the change of
    the parameters' update in double precision (relative L2). No other implementation in single
    precision can be expected to be closer.
    """
    subset = world.clean.select(slice(0, 14))
    generator = torch.Generator().manual_seed(1)
    order = torch.stack([torch.randperm(len(subset), generator=generator) for _ in range(2)])
    tensors: Tensors = {"images": subset.images, "labels": subset.labels, "order": order}
    pgd = PgdOptions(steps=2)
    base = SauOptions(rounds=2, batch_size=4, learning_rate=1e-3, pgd=pgd)
    trained = OuterOptions(1.0, 0.5, 2.0, train_mode=True)
    cases = {
        "adam": base,
        "adam_outer2": replace(base, outer_steps=2),
        "sgd_train": replace(
            base, optimizer="sgd", learning_rate=0.01, weight_decay=5e-4, outer=trained
        ),
    }
    facts: dict[str, Any] = {}
    start = parameters_of(world.trainee)
    for name, options in cases.items():
        model, batches = run_case(world, subset, options, order, torch.float32)
        double, _ = run_case(world, subset, options, order, torch.float64)
        tensors[f"{name}.parameters"] = parameters_of(model)
        tensors[f"{name}.statistics"] = statistics_of(model)
        error = (parameters_of(model) - parameters_of(double)).norm()
        facts[name] = {
            **asdict(options),
            "batches": batches,
            "batches_tracked": batches_tracked(model),
            "float64_update_error": (error / (parameters_of(model) - start).norm()).item(),
        }
    return tensors, facts


def run_case(
    world: TinyWorld, subset: ImageSet, options: SauOptions, order: Tensor, dtype: torch.dtype
) -> tuple[PreActResNet18, list[list[dict[str, Any]]]]:
    """The trainee after all rounds, and each batch's losses [round][batch]."""
    f, g = copy_of(world.trainee).to(dtype), copy_of(world.reference).to(dtype)
    batches: list[list[dict[str, Any]]] = [[] for _ in range(options.rounds)]
    run_rounds(
        f,
        g,
        subset,
        Normalization(dtype=dtype),
        options,
        order.tolist(),
        lambda number, _batch, _delta, losses: batches[number].append(scalars(losses)),
        lambda _number: None,
    )
    return f, batches


def make_training(world: TinyWorld) -> tuple[Tensors, dict[str, Any]]:
    """Two epochs of ordinary training of tiny_trainee.pt.

    `batches`: batches of 10 of 32 images in the given order, the last 2 dropped. `full`: one batch
    of all images, whose result does not depend on the order.
    """
    data = world.clean.select(slice(0, 32))
    generator = torch.Generator().manual_seed(0)
    order = torch.stack([torch.randperm(len(data), generator=generator) for _ in range(2)])
    tensors: Tensors = {"images": data.images, "labels": data.labels, "order": order}
    facts: dict[str, Any] = {}
    options = TrainOptions(batch_size=10, schedule_length=3)
    for name, batch_size in (("batches", 10), ("full", 32)):
        model = copy_of(world.trainee)
        options = replace(options, batch_size=batch_size)
        losses, rates = train(model, data, world.normalization, options, order.tolist())
        tensors[f"{name}.parameters"] = parameters_of(model)
        tensors[f"{name}.statistics"] = statistics_of(model)
        facts[name] = {
            **asdict(options),
            "learning_rates": rates,
            "losses": losses,
            "batches_tracked": batches_tracked(model),
        }
    return tensors, facts


def make_metrics(world: TinyWorld) -> tuple[Tensors, dict[str, Any]]:
    """ACC, ASR, RA and losses of both nets on sets whose last batch is smaller than the others."""
    clean, poisoned = world.clean.select(slice(32, 54)), world.poisoned.select(slice(0, 17))
    facts: dict[str, Any] = {"batch_size": 8}
    for name, model in (("reference", world.reference), ("trainee", world.trainee)):
        facts[name] = asdict(evaluate(model, clean, poisoned, world.normalization, 8))
    tensors = {
        "clean_images": clean.images,
        "clean_labels": clean.labels,
        "poisoned_images": poisoned.images,
        "poisoned_labels": poisoned.labels,
        "poisoned_true_labels": poisoned.true_labels,
    }
    return tensors, facts


def scalars(losses: OuterLosses) -> dict[str, Any]:
    return {
        "clean_loss": losses.clean.item(),
        "adversarial_loss": losses.adversarial.item(),
        "shared_loss": losses.shared.item(),
        "loss": losses.total.item(),
        "suspects": losses.suspects.tolist(),
    }


def batches_tracked(model: PreActResNet18) -> int:
    return int(model.layer1[0].bn1.num_batches_tracked)


if __name__ == "__main__":
    main()
