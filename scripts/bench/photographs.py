"""Loads an image folder with torchvision's ImageFolder and as many workers as asked for.

    photographs.py FOLDER WORKERS RESIZE CROP INTERPOLATION

RESIZE is `none`, a side or `HxW`, CROP a side or `none`. Prints seconds and CPU seconds as JSON.
"""

import json
import resource
import sys
import time
import types

# The compiled part of torchvision, which is not needed here, does not load beside every torch.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
import torch  # noqa: E402
from torchvision import transforms as T  # noqa: E402
from torchvision.datasets import ImageFolder  # noqa: E402


def cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def transform_of(resize: str, crop: str, interpolation: str) -> T.Compose:
    steps = []
    if resize != "none":
        sides = [int(side) for side in resize.split("x")]
        mode = T.InterpolationMode(interpolation)
        steps.append(T.Resize(sides if len(sides) > 1 else sides[0], interpolation=mode))
    if crop != "none":
        steps.append(T.CenterCrop(int(crop)))
    return T.Compose([*steps, T.ToTensor()])


def main() -> None:
    folder, workers, *transform = sys.argv[1:]
    torch.set_num_threads(1)
    images = ImageFolder(folder, transform_of(*transform))
    start, cpu_start, count = time.perf_counter(), cpu_seconds(), 0
    loader = torch.utils.data.DataLoader(images, batch_size=128, num_workers=int(workers))
    for batch, _ in loader:
        count += len(batch)
    del loader
    seconds = time.perf_counter() - start
    print(json.dumps({"count": count, "seconds": seconds, "cpuSeconds": cpu_seconds() - cpu_start}))


main()
