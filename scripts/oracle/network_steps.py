"""The procedure on any network, and how far another implementation is from it.

`network_steps.py make FOLDER` reads request.json there (model, classes, side, images, batch_size,
seed, pgd_steps, and draw, the seed of the images) and writes what both sides start from,
reference.pt, trainee.pt and images.pt, and what the oracle makes of it in single and in double
precision. `network_steps.py compare FOLDER` reads what the other side has made, steps.pt,
losses.json and a checkpoint of each run, and prints the differences as JSON: of the other side from
the oracle, and of the oracle in single from that in double precision.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from data import ImageSet, Normalization
from flat import gradient_of, parameters_of, statistics_of
from formula import uniform
from lively import draw_images, enliven
from networks import network
from sau import OuterOptions, PgdOptions, SauOptions, outer_losses, perturb, run_rounds
from train import TrainOptions, train

CALIBRATION = 40  # images
SPREAD = 0.5  # of logits: a probability near 0 or 1 has a gradient that is rounding alone
APART = 0.1  # of a trainee's weight from the reference's, at most and as a share of it
TRAINEE = 1000  # first position of the formula's numbers that tell the trainee apart
EPOCHS = 2
# Small, because weights that were not learned bear no more.
RATES = {"adam": 1e-5, "sgd": 1e-4, "training": 1e-3}
Tensors = dict[str, Tensor]


class World:
    def __init__(self, folder: Path) -> None:
        self.request = json.loads((folder / "request.json").read_text())
        self.folder = folder
        if not (folder / "images.pt").exists():
            self.make()
        images = torch.load(folder / "images.pt")
        self.images = ImageSet(images["images"], images["labels"], images["labels"])

    def make(self) -> None:
        torch.manual_seed(self.request["draw"])
        name, side, count = (self.request[key] for key in ("model", "side", "images"))
        images = draw_images(CALIBRATION, side, self.request["classes"])
        reference = self.network()
        labels = enliven(reference, name, images, spread=SPREAD, own_statistics=False)
        torch.save(reference.state_dict(), self.folder / "reference.pt")
        with torch.no_grad():
            for i, parameter in enumerate(reference.parameters()):
                u = torch.from_numpy(uniform(TRAINEE + i, parameter.numel())).view(parameter.shape)
                parameter.mul_(1 + APART * (2 * u - 1))
        torch.save(reference.state_dict(), self.folder / "trainee.pt")
        kept = {"images": images[:count].clone(), "labels": labels[:count].clone()}
        torch.save(kept, self.folder / "images.pt")

    def network(self, file: str | None = None) -> nn.Module:
        """With the weights of a file, of which every one must fit."""
        model = network(self.request["model"], self.request["classes"])
        if file is not None:
            state = torch.load(self.folder / file, weights_only=True)
            model.load_state_dict(state.get("model", state), strict=True)
        return model.eval()


def make(world: World) -> None:
    single = Oracle(world, torch.float32).run(None)
    torch.save(single.tensors, world.folder / "single.pt")
    double = Oracle(world, torch.float64).run(single.tensors["delta"])
    torch.save(double.tensors, world.folder / "double.pt")
    facts = {
        "losses": single.losses,
        "double_losses": double.losses,
        "suspects": single.suspects,
        "shared": single.shared,
        "rates": RATES,
        "epochs": EPOCHS,
    }
    (world.folder / "oracle.json").write_text(json.dumps(facts))


class Oracle:
    """Everything in one precision."""

    def __init__(self, world: World, dtype: torch.dtype) -> None:
        self.world, self.dtype = world, dtype
        self.normalization = Normalization(dtype=dtype)
        self.x = self.normalization.from_uint8(world.images.images)
        self.y = world.images.labels
        self.tensors: Tensors = {}
        self.losses: dict[str, Any] = {}

    def run(self, delta: Tensor | None) -> "Oracle":
        """delta: at which the outer losses are taken; the oracle's own unless given."""
        request = self.world.request
        f, g = (self.world.network(name).to(self.dtype) for name in ("trainee.pt", "reference.pt"))
        for name, steps in (("step", 1), ("delta", request["pgd_steps"])):
            found = perturb(f, g, self.x, self.y, self.normalization, PgdOptions(steps=steps))
            self.tensors[name] = found.delta
        self.shared = found.shared_counts
        delta = found.delta if delta is None else delta.to(self.dtype)
        f.zero_grad()
        outer = OuterOptions()
        losses = outer_losses(f, g, self.x, self.y, delta, self.normalization, outer)
        losses.total.backward()
        self.tensors["gradient"] = gradient_of(f)
        self.losses["outer"] = [losses.total.item(), losses.clean.item(), losses.shared.item()]
        self.suspects = losses.suspects.tolist()
        del f

        size = request["batch_size"]
        pgd = PgdOptions(steps=1)  # of more steps, rounding makes other perturbations
        base = SauOptions(rounds=1, batch_size=size, pgd=pgd, learning_rate=RATES["adam"])
        self.unlearn("adam", g, base)
        trained = OuterOptions(1.0, 0.5, 2.0, train_mode=True)
        rate = RATES["sgd"]
        self.unlearn("sgd", g, replace(base, optimizer="sgd", learning_rate=rate, outer=trained))
        self.learn(size)
        return self

    def unlearn(self, name: str, g: nn.Module, options: SauOptions) -> None:
        f = self.world.network("trainee.pt").to(self.dtype)
        totals = []
        run_rounds(
            f,
            g,
            self.world.images,
            self.normalization,
            options,
            [list(range(len(self.y)))],
            lambda _round, _batch, _found, losses: totals.append(losses.total.item()),
            lambda _round: None,
            self.seed_layers,
        )
        self.keep(name, f, totals)

    def learn(self, size: int) -> None:
        f = self.world.network("trainee.pt").to(self.dtype)
        order = torch.Generator().manual_seed(self.world.request["seed"])
        losses, _ = train(
            f,
            self.world.images,
            self.normalization,
            TrainOptions(size, RATES["training"], schedule_length=EPOCHS + 1),
            [torch.randperm(len(self.y), generator=order).tolist() for _ in range(EPOCHS)],
            self.seed_layers,
        )
        self.keep("training", f, [sum(epoch) / len(epoch) for epoch in losses])

    def seed_layers(self, number: int) -> None:
        """What dropout and stochastic depth draw depends on the seed and the round."""
        torch.manual_seed(self.world.request["seed"] + number)

    def keep(self, name: str, f: nn.Module, losses: list[float]) -> None:
        self.tensors[name] = parameters_of(f)
        self.tensors[f"{name}.statistics"] = vector_of_statistics(f)
        self.losses[name] = losses


def vector_of_statistics(model: nn.Module) -> Tensor:
    has = any(buffer.is_floating_point() for buffer in model.buffers())
    return statistics_of(model) if has else torch.zeros(0)


def compare(world: World) -> dict[str, Any]:
    folder = world.folder
    single, double = (torch.load(folder / f"{name}.pt") for name in ("single", "double"))
    steps = torch.load(folder / "steps.pt", weights_only=True)["model"]
    named = world.network("trainee.pt").named_parameters()
    ours = {
        "step": steps["step"],
        "delta": steps["delta"],
        "gradient": torch.cat([steps[f"gradient.{key}"].flatten() for key, _ in named]),
    }
    figures: dict[str, Any] = {"runs": {}}
    figures["step"] = both(different_share, ours, single, double, "step")
    figures["delta"] = both(usual_share, ours, single, double, "delta")
    figures["gradient"] = both(error, ours, single, double, "gradient")
    start = world.network("trainee.pt")
    for name in ("adam", "sgd", "training"):
        model = world.network(f"{name}.pt")
        ours[name], ours[f"{name}.statistics"] = parameters_of(model), vector_of_statistics(model)
        old = parameters_of(start)
        updates = [{name: t[name] - old} for t in (ours, single, double)]
        figures["runs"][name] = {
            "update": both(error, *updates, name),
            "statistics": both(error, ours, single, double, f"{name}.statistics"),
            "predictions": predictions(world, model),
        }
    return figures


def both(
    distance: Callable[[Tensor, Tensor], float],
    ours: Tensors,
    single: Tensors,
    double: Tensors,
    name: str,
) -> dict[str, float]:
    return {
        "ours": distance(ours[name], single[name]),
        "yardstick": distance(single[name], double[name]),
    }


def different_share(a: Tensor, b: Tensor) -> float:
    return ((a - b).abs() > 1e-4).double().mean().item()


def usual_share(a: Tensor, b: Tensor) -> float:
    """The median over images: where the networks agree on one, its gradient is rounding alone."""
    return ((a - b).abs() > 1e-4).double().flatten(1).mean(1).median().item()


def error(found: Tensor, expected: Tensor) -> float:
    """Relative, in the L2 norm; 0 of nothing."""
    if len(expected) == 0:
        return 0.0
    expected = expected.double()
    return ((found.double() - expected).norm() / expected.norm()).item()


@torch.no_grad()
def predictions(world: World, model: nn.Module) -> list[int]:
    return model(Normalization().from_uint8(world.images.images)).argmax(1).tolist()


def main() -> None:
    torch.set_num_threads(1)
    command, folder = sys.argv[1], Path(sys.argv[2])
    world = World(folder)
    if command == "make":
        make(world)
    else:
        print(json.dumps(compare(world)))


if __name__ == "__main__":
    main()
