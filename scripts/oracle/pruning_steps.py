"""What the defenses of pruning.py find in a network, in double precision.

`pruning_steps.py MODEL` prints JSON: of channel Lipschitz, batch norm and entropy pruning the
scores of each norm, of fine-pruning the means of the features, of adversarial and reconstructive
neuron pruning losses and masks after one step. Weights, images and noise come from formula.py.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

import pruning
from formula import gain_of, images, state_dict, uniform
from networks import network
from pruning import MaskedNorm, Scores

CLASSES = 10
SIDE = 32
COUNT = 12
NOISE = 2000  # first position of the formula's numbers that are the noise
BOUND = 0.4
STEP = {"rate": 0.2, "momentum": 0.9}  # of the masks
ANP = {**STEP, "bound": BOUND, "clean_share": 0.2}
RNP = {**STEP, "rounds": 1, "share": 0.2}


def fresh(name: str) -> nn.Module:
    model = network(name, CLASSES)
    model.load_state_dict(state_dict(model, gain_of(name)))
    return model.double().eval()


def lists(scores: Scores) -> dict[str, list[float]]:
    return {key: values.tolist() for key, values in scores.items()}


def masks_of(layers: Sequence[MaskedNorm]) -> list[float]:
    return torch.cat([layer.mask.detach() for layer in layers]).tolist()


def adversarial(name: str, x: Tensor, y: Tensor) -> dict[str, Any]:
    model = fresh(name)
    layers = pruning.masked(model)
    sizes = [len(layer.mask) for layer in layers]
    noise = torch.from_numpy(BOUND * (2 * uniform(NOISE, 2 * sum(sizes)) - 1)).split(2 * [*sizes])
    losses = pruning.learn_masks(layers, model, [(x, y)], noise, ANP)
    return {"losses": losses, "masks": masks_of(layers)}


def reconstructive(name: str, x: Tensor, y: Tensor) -> dict[str, Any]:
    model = fresh(name)
    unlearning = pruning.unlearn(model, [(x, y)], {"rounds": 1, "learning_rate": 0.01})
    layers = pruning.masked(model)
    recovering = pruning.recover_masks(layers, model, [(x, y)], RNP)
    return {"losses": unlearning + recovering, "masks": masks_of(layers)}


def main() -> None:
    torch.set_num_threads(1)
    name = sys.argv[1]
    x = images(COUNT, SIDE).double()
    y = torch.arange(COUNT) % CLASSES
    found = {
        "count": COUNT,
        "clp": lists(pruning.clp(fresh(name))),
        "bnp": lists(pruning.bnp(fresh(name), x)),
        "ep": lists(pruning.ep(fresh(name), x)),
        "fp": pruning.mean_features(fresh(name), [(x, y)]).tolist(),
        "anp": adversarial(name, x, y),
        "rnp": reconstructive(name, x, y),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
