"""Profiles a folder of segmentation masks, or a stack of them: share of the foreground, sizes of the objects, empty masks, thin objects, classes.

Each mask is an image (PNG, TIFF, BMP, GIF) or a NumPy array of whole numbers; 0 is the background. Of many masks an even sample is read, which is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lossgraph.model import TASK, InputError
from lossgraph.recommender import table
from lossgraph.recommender.numpy_table import load
from lossgraph.recommender.quantity import Found

IMAGES = frozenset({".png", ".tif", ".tiff", ".bmp", ".gif"})
MOST_MASKS = 300
MOST_CLASSES = 256
SMALL_SHARE = 0.01  # an object below this share of the image is small
EMPTY_SHARE = 0.02  # of the masks without foreground from which they matter
THIN_SHARE = 0.7  # of an object's pixels that lie within two pixels of its border
IMBALANCED_SHARE = 0.2


@dataclass
class Tally:
    """What was counted over all masks that were read."""

    masks: int = 0
    empty: int = 0
    pixels: int = 0
    foreground: int = 0
    small: int = 0
    objects: int = 0
    thin: int = 0
    classes: set[int] = field(default_factory=set[int])
    dimensions: set[int] = field(default_factory=set[int])


def mask_files(folder: Path) -> list[Path]:
    """The masks in a folder, sorted by name; hidden files are left out."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGES | {".npy"} and not path.name.startswith(".") and path.is_file())


def is_masks(path: Path) -> bool:
    """Whether a path is a folder with masks in it, or a NumPy file with a stack of them."""
    if path.is_dir():
        return bool(mask_files(path))
    if path.suffix.lower() != ".npy" or not path.is_file():
        return False
    array = load(path)
    return array.ndim in {3, 4} and array.dtype.kind in "biu"


def findings(path: Path) -> tuple[Found, list[str]]:
    """The facts that masks tell, and notes on how they were read. Raises `InputError` where they cannot be."""
    notes: list[str] = []
    tally = Tally()
    for mask in _masks(path, notes):
        _count(mask, tally)
    if tally.masks == tally.empty:
        raise InputError(f"none of the {tally.masks} masks read in {path.name} has foreground (a value other than 0)")
    found = Found()
    read = f"{tally.masks:,} masks read"
    found.add(TASK, "segmentation", f"{path.name} holds masks", 0.9)
    found.add("modality", "volume" if tally.dimensions == {3} else "image", f"masks have {'three' if tally.dimensions == {3} else 'two'} dimensions", 0.9)
    count = len(tally.classes | {0})
    found.add("n_classes", count, f"{count} different values, the background counted", 0.8 if count <= 50 else 0.5)
    share = tally.foreground / tally.pixels
    found.add("foreground_share", share, f"{share:.2%} of all pixels are not 0, in {read}", 0.9)
    found.add("imbalanced", share < IMBALANCED_SHARE, f"{share:.2%} of the pixels are foreground (imbalanced below {IMBALANCED_SHARE:.0%})", 0.9)
    if tally.objects:
        small = tally.small / tally.objects
        found.add("small_objects", small >= 0.5, f"{small:.0%} of {tally.objects:,} objects cover less than {SMALL_SHARE:.0%} of their image", 0.85)
        thin = tally.thin / tally.objects
        if thin >= 0.5:
            shape = f"{THIN_SHARE:.0%} of their pixels within two pixels of the border, and are more than ten times as long as wide"
            found.add("thin_structures", True, f"{thin:.0%} of the objects have {shape}", 0.7)
    empty = tally.empty / tally.masks
    found.add("empty_masks", empty >= EMPTY_SHARE, f"{tally.empty:,} of {tally.masks:,} masks have no foreground (they matter from {EMPTY_SHARE:.0%})", 0.9)
    return found, notes


def _masks(path: Path, notes: list[str]) -> Iterator[Any]:
    if path.is_file():
        stack = load(path)
        step = max(1, -(-len(stack) // MOST_MASKS))
        if step > 1:
            notes.append(f"{path.name} holds {len(stack):,} masks; every {step}-th was read")
        yield from (stack[index] for index in range(0, len(stack), step))
        return
    files = mask_files(path)
    step = max(1, -(-len(files) // MOST_MASKS))
    if step > 1:
        notes.append(f"{path.name} holds {len(files):,} masks; every {step}-th was read")
    for file in files[::step]:
        yield _mask(file)


def _mask(file: Path) -> Any:
    """One mask as whole numbers. Raises `InputError` for an image of colours, which is a photograph more likely than a mask."""
    numpy = table.library("numpy")
    if file.suffix.lower() == ".npy":
        array = load(file)
        if array.dtype.kind not in "biu" or array.ndim not in {2, 3}:
            raise InputError(f"{file.name} holds an array of {array.dtype} of shape {tuple(array.shape)}; a mask has whole numbers in two or three dimensions")
        return array
    pictures = table.library("PIL.Image")
    try:
        with pictures.open(file) as opened:
            if opened.mode not in {"1", "L", "P", "I", "I;16"}:
                raise InputError(f"{file.name} is an image in colours ({opened.mode}); a mask has one number a pixel (grey or palette)")
            return numpy.asarray(opened).astype("int64")
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file.name} cannot be read as an image: {error}") from None


def _count(mask: Any, tally: Tally) -> None:
    numpy, image = table.library("numpy"), table.library("scipy.ndimage")
    values = numpy.unique(mask)
    tally.masks += 1
    tally.dimensions.add(mask.ndim)
    tally.pixels += mask.size
    if len(tally.classes) <= MOST_CLASSES:
        tally.classes |= {int(value) for value in values[: MOST_CLASSES + 1]}
    foreground = mask != 0
    inside = int(foreground.sum())
    tally.foreground += inside
    if not inside:
        tally.empty += 1
        return
    labels, count = image.label(foreground)
    sizes = numpy.bincount(labels.ravel())[1:]
    tally.objects += count
    tally.small += int((sizes < SMALL_SHARE * mask.size).sum())
    deep = labels[image.distance_transform_edt(foreground) > 2]
    core = numpy.bincount(deep, minlength=count + 1)[1:]
    lengths = numpy.array([max(part.stop - part.start for part in box) for box in image.find_objects(labels)])
    narrow = sizes / numpy.maximum(lengths, 1) ** (mask.ndim - 1) if mask.ndim == 2 else sizes / numpy.maximum(lengths, 1)
    tally.thin += int(((core <= (1 - THIN_SHARE) * sizes) & (lengths > 10 * numpy.maximum(narrow, 1)) & (sizes > 20)).sum())
