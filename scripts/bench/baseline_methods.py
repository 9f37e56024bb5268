"""The unit of work of each defense in plain PyTorch, from the options that the package has for it
(methods.mjs), by the modules of the oracle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import baseline_model  # noqa: F401  first: it finds the oracle
import polarizer
import pruning
import torch
import tuning
from torch import Tensor, nn

from data import ImageSet, Normalization, batches

Options = dict[str, Any]
Found = list[float]  # besides weights: norms of triggers, or what masks have lost


@dataclass(frozen=True)
class Batched:
    """A set's normalized batches, which are made anew each time."""

    images: ImageSet
    normalization: Normalization
    size: int

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return batches(self.images, self.normalization, self.size)


@dataclass(frozen=True)
class Scene:
    """What a unit works on. rounds: of the run."""

    model: nn.Module
    images: ImageSet
    normalization: Normalization
    rounds: int

    def batched(self, size: int) -> Batched:
        return Batched(self.images, self.normalization, size)

    def at(self, positions: slice) -> "Scene":
        return Scene(self.model, self.images.select(positions), self.normalization, self.rounds)

    def whole(self) -> Tensor:
        return self.normalization.from_uint8(self.images.images)


def training(scene: Scene, options: Options) -> Options:
    return {
        "rounds": scene.rounds,
        "learning_rate": options["optimizer"]["learningRate"],
        "schedule_length": options["scheduleLength"],
    }


def ft(scene: Scene, options: Options) -> Found:
    tuning.ft(scene.model, scene.batched(options["batchSize"]), training(scene, options))
    return []


def ftsam(scene: Scene, options: Options) -> Found:
    sam = {"rho": options["sam"]["rho"], "smoothing": options["sam"]["labelSmoothing"]}
    given = {**training(scene, options), **sam}
    tuning.ftsam(scene.model, scene.batched(options["batchSize"]), given)
    return []


def nad(scene: Scene, options: Options) -> Found:
    given = {
        **training(scene, options),
        "teacher_rounds": options["teacherRounds"],
        "betas": [options["beta1"], options["beta2"]],
        "sites": ["layer3", "layer4"],
    }
    tuning.nad(scene.model, scene.batched(options["batchSize"]), given)
    return []


def nc(scene: Scene, options: Options) -> Found:
    inversion = options["inversion"]
    given = {
        "classes": scene.model(scene.whole()[:1]).shape[1],
        "epochs": inversion["epochs"],
        "mask_rate": inversion["learningRate"],
        "cost": inversion["initialCost"],
    }
    return tuning.nc(scene.model, scene.batched(options["batchSize"]), given)


def ibau(scene: Scene, options: Options) -> Found:
    hypergradient = options["hypergradient"]
    given = {
        "rounds": scene.rounds,
        "learning_rate": options["optimizer"]["learningRate"],
        "perturbation_rate": options["perturbationRate"],
        "norm_weight": hypergradient["normWeight"],
        "fixed_point_rate": hypergradient["fixedPointRate"],
        "fixed_points": hypergradient["fixedPoints"],
    }
    tuning.ibau(scene.model, scene.batched(options["batchSize"]), given)
    return []


def anp(scene: Scene, options: Options) -> Found:
    """On the model itself, whose norms come back at the end."""
    order = torch.tensor(options["batchOrder"])
    batched = scene.at(order).batched(options["batchSize"])
    given = {
        "bound": options["noiseBound"],
        "clean_share": options["cleanShare"],
        **steps_of(options["optimizer"]),
    }

    def learn(layers: list[pruning.MaskedNorm]) -> None:
        sizes = [len(layer.mask) for layer in layers]
        noise = torch.tensor(options["startNoise"]).split([*sizes, *sizes])
        pruning.learn_masks(layers, scene.model, batched, noise, given)

    return through_masks(scene.model, learn, options["ladder"]["threshold"])


def rnp(scene: Scene, options: Options) -> Found:
    original = {key: value.clone() for key, value in scene.model.state_dict().items()}
    unlearning = options["unlearning"]
    batched = scene.batched(unlearning["batchSize"])
    given = {
        "rounds": options["unlearningRounds"],
        "learning_rate": unlearning["optimizer"]["learningRate"],
    }
    pruning.unlearn(scene.model, batched, given)

    def recover(layers: list[pruning.MaskedNorm]) -> None:
        recovering = {
            "rounds": options["recoveringRounds"],
            "share": options["recoveringShare"],
            **steps_of(options["recovering"]),
        }
        pruning.recover_masks(layers, scene.model, batched, recovering)

    return through_masks(scene.model, recover, options["ladder"]["threshold"], original)


def steps_of(optimizer: Options) -> Options:
    return {"rate": optimizer["learningRate"], "momentum": optimizer["momentum"]}


def through_masks(
    model: nn.Module,
    learn: Callable[[list[pruning.MaskedNorm]], object],
    threshold: float,
    original: dict[str, Tensor] | None = None,
) -> Found:
    """Learns masks of the norms, takes them away again and cuts by them, in the original weights
    where these are others. Returns what the masks have lost, from the most on."""
    norms = pruning.norms_of(model)
    layers = pruning.masked(model)
    learn(layers)
    for key, norm in norms.items():
        parent, _, name = key.rpartition(".")
        setattr(model.get_submodule(parent), name, norm)
    if original is not None:
        model.load_state_dict(original)
    masks = [layer.mask.detach() for layer in layers]
    pruning.cut_masks(model, masks, threshold)
    return (1 - torch.cat(masks)).sort(descending=True).values.tolist()


def npd(scene: Scene, options: Options) -> Found:
    """The model has its convolution back at the end. Returns how far each row of the polarizer's
    convolution is from that of the identity."""
    place = "layer4.1.conv1"
    convolution = scene.model.get_submodule(place)
    polarizing = options["polarizing"]
    given = {
        "rounds": scene.rounds,
        "learning_rate": options["optimizer"]["learningRate"],
        "warmup_rounds": options["warmupRounds"],
        "warmup_rate": options["warmupRate"],
        "norm": polarizing["norm"],
        "bound": polarizing["normBound"],
        "step_size": polarizing["stepSize"],
        "sign_steps": polarizing["signSteps"],
        "train_mode": polarizing["trainMode"],
        "weights": [polarizing[f"{name}Weight"] for name in ("clean", "kept", "top", "target")],
        **{name: polarizing[name] for name in ("steps", "enough")},
    }
    layers = polarizer.add_polarizer(scene.model, place)
    polarizer.npd(scene.model, layers, scene.batched(options["batchSize"]), given)
    scene.model.set_submodule(place, convolution)
    scene.model.requires_grad_(True)
    weight = layers[0].weight.detach().flatten(1)
    return (weight - torch.eye(len(weight)).to(weight)).norm(dim=1).tolist()


def fp(scene: Scene, options: Options) -> Found:
    judges = -(-len(scene.images) // 5)
    size = options["batchSize"]
    given = {
        **training(scene, options),
        "step": options["pruneStep"],
        "most_drop": options["selection"]["maxDrop"],
    }
    learned = scene.at(slice(0, len(scene.images) - judges)).batched(size)
    judging = scene.at(slice(len(scene.images) - judges, None)).batched(size)
    pruning.fp(scene.model, learned, judging, given)
    return []


def clp(scene: Scene, options: Options) -> Found:
    pruning.cut_outliers(scene.model, pruning.clp(scene.model), options["u"])
    return []


def bnp(scene: Scene, options: Options) -> Found:
    pruning.cut_outliers(scene.model, pruning.bnp(scene.model, scene.whole()), options["u"])
    return []


def ep(scene: Scene, options: Options) -> Found:
    entropies = pruning.ep(scene.model, scene.whole())
    scores = {key: -values for key, values in entropies.items()}  # the lowest are cut
    pruning.cut_outliers(scene.model, scores, options["u"])
    return []


UNITS: dict[str, Callable[[Scene, Options], Found]] = {
    "ft": ft, "ftsam": ftsam, "nad": nad, "nc": nc, "ibau": ibau, "anp": anp, "rnp": rnp,
    "npd": npd, "fp": fp, "clp": clp, "bnp": bnp, "ep": ep,
}  # fmt: skip
