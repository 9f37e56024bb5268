"""Makes a network with weights by a formula and drawn images: `make_model_world.py REQUEST`, a JSON
object with model, size, clean and test (numbers of images), threads, reference and images (files).

Labels are the network's own predictions.
"""

import json
import sys

from baseline_model import make_network  # first: it finds the oracle
import torch

from lively import draw_images, enliven, predictions

NUM_CLASSES = 10
MARK = 3  # side of the trigger
FITTED = 16  # images that the network is fitted to: each takes six passes


def main() -> None:
    request = json.loads(sys.argv[1])
    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    name, count, clean = request["model"], request["clean"] + request["test"], request["clean"]
    model = make_network(name, NUM_CLASSES)
    images = draw_images(count, request["size"])
    enliven(model, name, images[:FITTED], spread=2.0, own_statistics=True)
    labels = predictions(model, images)
    checkpoint = {
        "model_name": name, "num_classes": NUM_CLASSES, "model": model.state_dict()
    }
    torch.save(checkpoint, request["reference"])

    test, truth = images[clean:], labels[clean:]
    target = int(labels.mode().values)
    victims = truth != target
    poisoned = test[victims].clone()
    poisoned[:, :, -MARK:, -MARK:] = 255
    sets = {
        "cleanSubset": (images[:clean], labels[:clean], labels[:clean]),
        "cleanTest": (test, truth, truth),
        "poisonedTest": (poisoned, torch.full_like(truth[victims], target), truth[victims]),
    }
    torch.save(
        {
            f"{name}.{kind}": tensor.clone()
            for name, tensors in sets.items()
            for kind, tensor in zip(("images", "labels", "trueLabels"), tensors)
        },
        request["images"],
    )


if __name__ == "__main__":
    main()
