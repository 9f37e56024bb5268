"""Checks record folders as the official loader reads them (specification C.3).

    python scripts/oracle/check_record.py RECORD... [--data DATA]

It does not use the package, only torch, numpy and pillow. It prints one line for each record, or
ends with exit code 1 and one message on a violation.
"""

import argparse
import re
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from preact_resnet import PreActResNet18

KEYS = "model_name num_classes model data_path img_size clean_data bd_train bd_test".split()
STATE_KEYS = {
    "bd_data_container",
    "getitem_all",
    "getitem_all_switch",
    "original_index_array",
    "poison_indicator",
    "save_folder_path",
}


class Violation(Exception):
    pass


def require(condition: bool, message: str) -> None:
    if not condition:
        raise Violation(message)


def check_model(record: dict[str, Any]) -> None:
    """Assigns the names of the weights by position; the shapes must fit."""
    model = record["model"]
    require(isinstance(model, OrderedDict), f"model is a {type(model).__name__}")
    match = re.fullmatch(r"preactresnet18(?:_w(\d+))?", record["model_name"])
    require(match is not None, f"unknown model_name {record['model_name']!r}")
    width = int(match.group(1) or 64) if match else 64
    fresh = PreActResNet18(record["num_classes"], width).state_dict()
    stored = [name.removeprefix("module.") for name in model]
    require(len(stored) == len(fresh), f"{len(stored)} weights instead of {len(fresh)}")
    for name, (expected, want), tensor in zip(stored, fresh.items(), model.values(), strict=True):
        require(name == expected, f"the weight {name} is where {expected} belongs")
        require(tensor.shape == want.shape, f"{name} has the shape {tuple(tensor.shape)}")
        require(tensor.dtype == want.dtype, f"{name} is {tensor.dtype}")
        require(bool(torch.isfinite(tensor.double()).all()), f"{name} is not finite")


def check_state(state: Any, name: str, exposes_all: bool, classes: int) -> dict[int, Any]:
    require(isinstance(state, dict) and set(state) == STATE_KEYS, f"{name} has other keys")
    require(state["getitem_all"] is True, f"{name}: getitem_all is not True")
    require(state["getitem_all_switch"] is False, f"{name}: getitem_all_switch is not False")
    indices, indicator = state["original_index_array"], state["poison_indicator"]
    require(
        isinstance(indices, np.ndarray) and indices.dtype == np.int64 and indices.ndim == 1,
        f"{name}: original_index_array is no int64 vector",
    )
    require(
        isinstance(indicator, np.ndarray) and indicator.dtype == np.float64 and indicator.ndim == 1,
        f"{name}: poison_indicator is no float64 vector",
    )
    require(bool(np.isin(indicator, [0, 1]).all()), f"{name}: an indicator is neither 0 nor 1")
    container = state["bd_data_container"]
    require(
        isinstance(container, dict)
        and set(container) == {"save_folder_path", "data_dict", "save_file_format"}
        and container["save_file_format"] == ".png"
        and container["save_folder_path"] == state["save_folder_path"],
        f"{name}: the container is no container of PNG files",
    )
    items: dict[int, Any] = {int(key): value for key, value in container["data_dict"].items()}
    flagged = set(np.flatnonzero(indicator).tolist())
    require(flagged == set(items), f"{name}: the items are not the flagged images")
    wanted = list(range(len(indicator))) if exposes_all else sorted(flagged)
    require(sorted(indices.tolist()) == wanted, f"{name}: it exposes other images than it should")
    for index, item in items.items():
        labels = item["other_info"]
        require(
            set(item) == {"path", "other_info"}
            and isinstance(labels, list)
            and len(labels) == 2
            and all(isinstance(label, int) and 0 <= label < classes for label in labels),
            f"{name}: image {index} has no list of attack label and original label",
        )
        require(
            item["path"] == f"{state['save_folder_path']}/{labels[1]}/{index}.png",
            f"{name}: image {index} is stored as {item['path']}",
        )
    return items


def check_images(record: Path, items: dict[int, Any], folder: str, size: tuple[int, ...]) -> None:
    expected = {f"{item['other_info'][1]}/{index}.png" for index, item in items.items()}
    found = {str(path.relative_to(record / folder)) for path in (record / folder).rglob("*.png")}
    require(
        found == expected,
        f"{folder} has {len(found)} PNG files, the indicator {len(expected)} images",
    )
    for name in sorted(expected):
        with Image.open(record / folder / name) as image:
            require(image.mode == "RGB", f"{folder}/{name} is {image.mode}")
            require((image.height, image.width) == size[:2], f"{folder}/{name} is {image.size}")


def check_paths(record: Path, result: dict[str, Any], data: Path | None) -> None:
    """Resolves a path as the official loader does: from the project root, the folder before the
    first `record`."""
    real = str((record / "attack_result.pt").resolve())
    require("record" in real, "the record lies in no folder of the name record")
    root = Path(real[: real.index("record")])
    path = result["data_path"]
    require("data" in path, f"data_path {path} names no folder data")
    found = root / path[path.index("data") :]
    require(data is None or found.resolve() == data.resolve(), f"data_path leads to {found}")
    for name in ("bd_train", "bd_test"):
        for item in result[name]["bd_data_container"]["data_dict"].values():
            require((root / item["path"]).is_file(), f"{item['path']} is not below {root}")


def check(record: Path, data: Path | None) -> str:
    result = torch.load(record / "attack_result.pt", map_location="cpu", weights_only=False)
    require(type(result) is dict and list(result) == KEYS, f"the keys are {list(result)}")
    classes, size = result["num_classes"], result["img_size"]
    require(isinstance(classes, int) and classes > 1, f"num_classes is {classes!r}")
    require(isinstance(size, tuple) and len(size) == 3 and size[2] == 3, f"img_size is {size!r}")
    require(isinstance(result["clean_data"], str), "clean_data is no text")
    check_model(result)
    train = check_state(result["bd_train"], "bd_train", True, classes)
    test = check_state(result["bd_test"], "bd_test", False, classes)
    check_images(record, train, "bd_train_dataset", size)
    check_images(record, test, "bd_test_dataset", size)
    check_paths(record, result, data)
    listed = torch.load(record / "train_poison_index_list.pickle", weights_only=False)
    require(
        np.array_equal(listed, result["bd_train"]["poison_indicator"]),
        "train_poison_index_list.pickle is not the indicator of bd_train",
    )
    info = torch.load(record / "info.pickle", weights_only=False)
    require(isinstance(info, dict) and info["model"] == result["model_name"], "info.pickle is of another attack")
    return f"{len(train)} poisoned training images, {len(test)} poisoned test images"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path, nargs="+", metavar="RECORD")
    parser.add_argument("--data", type=Path, help="where data_path must lead to")
    arguments = parser.parse_args()
    for record in arguments.records:
        try:
            print(f"{record}: {check(record, arguments.data)}")
        except (Violation, KeyError, OSError) as error:
            print(f"{record}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
