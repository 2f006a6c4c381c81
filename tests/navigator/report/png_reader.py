"""Pictures read back: where colours lie, and which letters are written."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from scipy import ndimage

LEAST_BLUENESS = 60
"""Blue less red: 128 in the letters' colour, 5 in the greys of scan and titles."""
LETTERS = "RLAPHF"


def pixels(png: bytes) -> np.ndarray:
    """Decode a PNG: (rows, columns, 3), 0 to 255, row 0 at the top."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.int64)


def places_of_colour(
    picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12
) -> np.ndarray:
    """List the pixels of a colour as (x to the right, y downwards)."""
    rows, columns = np.nonzero((np.abs(picture - colour) <= tolerance).all(axis=-1))
    return np.column_stack([columns, rows])


def middle_of_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Find the middle of the pixels of a colour."""
    places = places_of_colour(picture, colour)
    if not len(places):
        raise AssertionError(f"no pixel of colour {colour}")
    middle: np.ndarray = places.mean(axis=0)
    return middle


@dataclass(frozen=True, slots=True)
class WrittenLetter:
    """A letter found in a picture and where its middle is, pixels right and down."""

    letter: str
    x: float
    y: float


def read_letters(picture: np.ndarray) -> list[WrittenLetter]:
    """Read the blue letters of a picture by comparing each blot with drawn letters."""
    blue = (picture[..., 2] - picture[..., 0] >= LEAST_BLUENESS) & (picture[..., 2] > 140)
    blots, _ = ndimage.label(blue, np.ones((3, 3)))
    found = []
    for part in ndimage.find_objects(blots):
        height = part[0].stop - part[0].start
        if height < 8:
            continue
        shape = _normalised(blue[part])
        likeness = {letter: float((shape == _drawn(letter)).mean()) for letter in LETTERS}
        x, y = (0.5 * (side.start + side.stop) for side in (part[1], part[0]))
        found.append(WrittenLetter(max(likeness, key=lambda name: likeness[name]), x, y))
    return found


def _drawn(letter: str) -> np.ndarray:
    figure = Figure(figsize=(2, 2), dpi=100)
    FigureCanvasAgg(figure)
    figure.text(0.5, 0.5, letter, fontsize=60, fontweight="bold", ha="center", va="center")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    dark = pixels(stream.getvalue()).sum(axis=-1) < 380
    rows, columns = np.nonzero(dark)
    return _normalised(dark[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def _normalised(shape: np.ndarray) -> np.ndarray:
    """Scale a letter to 24 by 24."""
    image = Image.fromarray((shape * 255).astype(np.uint8)).resize((24, 24), Image.BILINEAR)
    return np.asarray(image) > 127
