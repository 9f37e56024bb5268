"""Pictures of many kinds, and what Pillow and torchvision read from them.

    make_pictures.py FOLDER

writes the pictures, `pictures.json` with [file, transform, result, height, width] of each reading, and the results
as bytes [H,W,3]. A transform is [resize, crop, interpolation] as the package's options have it.
"""

import io
import json
import struct
import sys
import types
import zlib
from pathlib import Path

# The compiled part of torchvision, which is not needed here, does not load beside every torch.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision import transforms as T  # noqa: E402

FOLDER = Path(sys.argv[1])
WAYS = {"bilinear": T.InterpolationMode.BILINEAR, "bicubic": T.InterpolationMode.BICUBIC}
# Pillow 13 resizes the height first where that shrinks twice as many pixels as the width does. Its older versions, and
# the package, resize the width first. It does not happen at these sizes.
TRANSFORMS = [
    ["224x224", None, "bilinear"],
    ["224x224", None, "bicubic"],
    ["50x47", None, "bicubic"],
    ["256", 224, "bilinear"],
    ["256", 224, "bicubic"],
    ["40", 64, "bilinear"],
    [None, 64, "bilinear"],
]


def photograph(height, width, channels, seed):
    """Smooth colors with edges and some grain: [H,W,C]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 40.0
    planes = [np.sin(x * (1 + c) + seed) + np.cos(y * (2 - c / 3)) for c in range(channels)]
    picture = np.stack(planes, -1) * 55 + 128
    picture[height // 3 : height // 2, width // 4 : width // 2] = 20
    return (picture + rng.normal(size=picture.shape) * 6).clip(0, 255).astype(np.uint8)


def png(width, height, depth, color, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pictures():
    rgb = Image.fromarray(photograph(300, 407, 3, 1))
    rgba = Image.fromarray(photograph(120, 90, 4, 2))
    gray = Image.fromarray(photograph(100, 333, 1, 3)[..., 0])
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "plain.png", saved(rgb, "PNG")
    yield "alpha.png", saved(rgba, "PNG")
    yield "gray_alpha.png", saved(rgba.convert("LA"), "PNG")
    yield "gray.png", saved(gray, "PNG")
    yield "bits.png", saved(gray.convert("1"), "PNG")
    yield "palette.png", saved(rgb.quantize(50), "PNG")
    yield "clear_palette.png", saved(rgb.quantize(50), "PNG", transparency=3)
    yield "small.png", saved(rgb.resize((32, 40)), "PNG")
    wide = photograph(60, 70, 3, 4).astype(np.uint16) * 257 + 19
    yield "rgb16.png", png(70, 60, 16, 2, [row.astype(">u2").tobytes() for row in wide])
    dark = photograph(60, 70, 1, 5)[..., 0].astype(np.uint16) * 2
    yield "gray16.png", png(70, 60, 16, 0, [row.astype(">u2").tobytes() for row in dark])
    yield "gray16.tiff", saved(Image.fromarray(dark), "TIFF")
    yield "plain.tiff", saved(rgb, "TIFF", compression="tiff_lzw")
    yield "inks.tiff", saved(Image.fromarray(photograph(80, 90, 4, 6), "CMYK"), "TIFF")
    yield "plain.webp", saved(rgba, "WEBP", lossless=True, exact=True)
    yield "plain.jpg", saved(rgb, "JPEG", quality=92)
    yield "full_color.jpg", saved(rgb, "JPEG", quality=92, subsampling=0)
    yield "progressive.jpg", saved(rgb, "JPEG", quality=80, progressive=True)
    yield "turned.jpg", saved(rgb, "JPEG", quality=92, exif=exif)
    yield "gray.jpg", saved(gray, "JPEG", quality=92)
    inks = saved(Image.fromarray(photograph(80, 90, 4, 7), "CMYK"), "JPEG", quality=98)
    yield "inks.jpg", inks
    adobe = inks.index(b"\xff\xee")
    length = struct.unpack(">H", inks[adobe + 2 : adobe + 4])[0]
    yield "inks_of_no_maker.jpg", inks[:adobe] + inks[adobe + 2 + length :]


def transform_of(resize, crop, way):
    steps = []
    if resize is not None:
        sides = [int(side) for side in resize.split("x")]
        steps.append(T.Resize(sides if len(sides) > 1 else sides[0], interpolation=WAYS[way]))
    return T.Compose(steps + ([T.CenterCrop(crop)] if crop else []))


def main():
    readings = []
    for name, content in pictures():
        (FOLDER / name).write_bytes(content)
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        own = [f"{picture.height}x{picture.width}", None, "bilinear"]
        for number, options in enumerate([own, *TRANSFORMS]):
            result = np.asarray(transform_of(*options)(picture))
            path = f"{name}.{number}.rgb"
            (FOLDER / path).write_bytes(result.tobytes())
            readings.append([name, options, path, *result.shape[:2]])
    (FOLDER / "pictures.json").write_text(json.dumps(readings))


main()
