"""What scanners, telephones and fax machines do to a page.

Arithmetic is in whole numbers wherever a value becomes a pixel, so that every machine gets the
same bytes; randomness is the raw stream of a seeded PCG64.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Grey = npt.NDArray[np.int32]

PAPER = 250
"""Brightness of clean paper under a scanner, of 255."""


def scanned(page: Image.Image, *, seed: int, degrees: float) -> Image.Image:
    """An office scan: a little crooked, soft, grainy, dusty; 16 levels of grey."""
    dice = np.random.default_rng(seed)
    grey = page.convert("L").rotate(degrees, Image.Resampling.BILINEAR, fillcolor=255)
    _dust(grey, dice, specks=70)
    grey = grey.filter(ImageFilter.GaussianBlur(0.7))
    levels = np.asarray(grey, np.int32) * (PAPER - 34) // 255 + 34
    levels -= _edge_shadow(levels.shape)
    levels += _grain(levels.shape, dice, spread=11)
    return Image.fromarray(_sixteen_levels(levels), "L")


def photographed(page: Image.Image, *, seed: int, size: tuple[int, int]) -> Image.Image:
    """A telephone's photo of the page on a table: tilted, unevenly lit, a hand's shadow on it."""
    dice = np.random.default_rng(seed)
    scene = _table_top(size, dice)
    corners = _corners(size, page.size, dice)
    _lay(page, scene, corners)
    scene = scene.filter(ImageFilter.GaussianBlur(1.0))
    light = _light(size, dice)
    grain = _grain(light.shape, dice, spread=9)
    return Image.merge(
        "RGB",
        [
            _exposed(band, light * tint // 1000, grain)
            for band, tint in zip(scene.split(), (1000, 972, 905), strict=True)  # a warm lamp
        ],
    )


def faxed(page: Image.Image, *, seed: int, size: tuple[int, int], degrees: float) -> Image.Image:
    """A received fax: `size` pixels, black or white, ragged edges, specks, a streak."""
    dice = np.random.default_rng(seed)
    grey = page.convert("L").rotate(degrees, Image.Resampling.BILINEAR, fillcolor=255)
    levels = np.asarray(grey.resize(size, Image.Resampling.BOX), np.int32)
    ink = levels + _grain(levels.shape, dice, spread=40) < 168
    flips = dice.integers(0, 4000, levels.shape, dtype=np.uint16)
    ink |= flips < 3
    ink &= flips != 3999
    column = size[0] - 31
    ink[dice.integers(0, 3, size[1]) > 0, column] = True  # dirt on the sender's glass
    return Image.fromarray(np.where(ink, 0, 255).astype(np.uint8), "L").convert(
        "1", dither=Image.Dither.NONE
    )


def _exposed(band: Image.Image, light: Grey, grain: Grey) -> Image.Image:
    levels = np.asarray(band, np.int32) * light // 1000 + grain
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8), "L")


def _grain(shape: tuple[int, ...], dice: np.random.Generator, *, spread: int) -> Grey:
    """Bell-shaped whole-number noise within ±spread: the sum of two even throws."""
    throws = dice.integers(0, spread + 1, (2, *shape), dtype=np.uint8).astype(np.int32)
    noise: Grey = throws[0] - throws[1]
    return noise


def _sixteen_levels(levels: Grey) -> npt.NDArray[np.uint8]:
    return (np.clip((levels + 8) // 17, 0, 15) * 17).astype(np.uint8)


def _edge_shadow(shape: tuple[int, ...]) -> Grey:
    """Darkness along the left edge, where the lid does not close."""
    reach = 46
    ramp = np.maximum(reach - np.arange(shape[1], dtype=np.int32), 0)
    shadow: Grey = (ramp * ramp * 70 // (reach * reach))[None, :]
    return shadow


def _dust(image: Image.Image, dice: np.random.Generator, *, specks: int) -> None:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    for x, y, radius, shade in zip(
        dice.integers(0, width, specks),
        dice.integers(0, height, specks),
        dice.integers(0, 3, specks),
        dice.integers(90, 210, specks),
        strict=True,
    ):
        draw.ellipse((int(x), int(y), int(x + radius), int(y + radius)), fill=int(shade))


def _table_top(size: tuple[int, int], dice: np.random.Generator) -> Image.Image:
    """Wood: streaks along the long side."""
    width, height = size
    rows = dice.integers(0, 256, (height // 6, 24), dtype=np.uint8)
    half = Image.fromarray(rows, "L").resize((width // 2, height // 2), Image.Resampling.BICUBIC)
    streaks = half.filter(ImageFilter.GaussianBlur(1)).resize(size, Image.Resampling.BILINEAR)
    tones = ((104, 24), (78, 20), (56, 15))
    bands = [
        streaks.point([base + (v - 128) * swing // 128 for v in range(256)])
        for base, swing in tones
    ]
    return Image.merge("RGB", bands)


def _corners(
    size: tuple[int, int], page: tuple[int, int], dice: np.random.Generator
) -> list[tuple[int, int]]:
    """Where the page's corners fall: clockwise from the top left, each a little off."""
    width, height = size
    scale = min(width * 930 // page[0], height * 930 // page[1])
    across, down = page[0] * scale // 1000, page[1] * scale // 1000
    left, top = (width - across) // 2, (height - down) // 2
    square = [(left, top), (left + across, top), (left + across, top + down), (left, top + down)]
    slack = min(left, top, 70)
    offs = dice.integers(-slack * 2 // 3, slack * 2 // 3 + 1, (4, 2))
    return [(x + int(dx), y + int(dy)) for (x, y), (dx, dy) in zip(square, offs, strict=True)]


def _lay(page: Image.Image, scene: Image.Image, corners: list[tuple[int, int]]) -> None:
    """Paste the page into the scene with its corners at `corners`, over a soft shadow."""
    shadow = Image.new("L", scene.size, 0)
    ImageDraw.Draw(shadow).polygon([(x + 9, y + 14) for x, y in corners], fill=150)
    scene.paste((22, 16, 12), mask=shadow.filter(ImageFilter.GaussianBlur(12)))
    warp = _homography(corners, page.size)
    sheet = page.transform(scene.size, Image.Transform.PERSPECTIVE, warp, Image.Resampling.BILINEAR)
    mask = Image.new("L", scene.size, 0)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    scene.paste(sheet, mask=mask)


def _homography(corners: list[tuple[int, int]], page: tuple[int, int]) -> list[float]:
    """Coefficients that take a scene pixel to a page pixel (Pillow's PERSPECTIVE order)."""
    targets = [(0, 0), (page[0], 0), (page[0], page[1]), (0, page[1])]
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, targets, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    solved = np.linalg.solve(np.array(rows, float), np.array(right, float))
    # The last digits depend on the linear algebra library; none of them moves a pixel.
    return [float(f"{value:.12g}") for value in solved]


def _light(size: tuple[int, int], dice: np.random.Generator) -> Grey:
    """Brightness in thousandths: a lamp on one side, and the soft shadow of a hand."""
    width, height = size
    along = np.arange(width, dtype=np.int32)[None, :] * 1000 // width
    down = np.arange(height, dtype=np.int32)[:, None] * 1000 // height
    lamp = 1000 - along * 190 // 1000 - down * 120 // 1000
    shadow = Image.new("L", (width // 8, height // 8), 0)
    ImageDraw.Draw(shadow).ellipse(_hand(shadow.size, dice), fill=255)
    soft = shadow.filter(ImageFilter.GaussianBlur(width // 110)).resize(
        size, Image.Resampling.BILINEAR
    )
    light: Grey = lamp * (1000 - np.asarray(soft, np.int32) * 300 // 255) // 1000
    return light


def _hand(size: tuple[int, int], dice: np.random.Generator) -> tuple[int, int, int, int]:
    width, height = size
    left = width * int(dice.integers(45, 60)) // 100
    top = height * int(dice.integers(60, 72)) // 100
    return (left, top, left + width, top + height)
