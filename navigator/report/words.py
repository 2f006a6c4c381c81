"""Numbers as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from navigator.model.placement import TemplatePlacement


def millimetres(value: float) -> str:
    """Write a length.

    Parameters
    ----------
    value : float
        Millimetres.

    Returns
    -------
    str
        One decimal and the unit.

    Examples
    --------
    >>> millimetres(81.04), millimetres(-0.04)
    ('81.0 mm', '0.0 mm')
    """
    return f"{_rounded(value):.1f} mm"


def tilt_words(
    lateral_tilt_deg: float, craniocaudal_tilt_deg: float, gravity_lps: Sequence[float]
) -> tuple[str, str]:
    """Write the two tilts with an arrow and a word.

    Parameters
    ----------
    lateral_tilt_deg, craniocaudal_tilt_deg : float
        Protractor angles, degrees.
    gravity_lps : (3,) array
        Direction of gravity: how the patient lies.

    Returns
    -------
    tuple of two str
        Where the tip leans across, and along the patient. The arrows are those of a reader
        who looks down on the patient, head up: the left of a patient on the back is on the
        reader's right, that of a patient on the belly on the reader's left.

    Examples
    --------
    >>> tilt_words(36.0, -13.0, (0, 1, 0))
    ("36.0° → tip to patient's left", '13.0° ↓ tip to feet')
    >>> tilt_words(36.0, -13.0, (0, -1, 0))
    ("36.0° ← tip to patient's left", '13.0° ↓ tip to feet')
    """
    across, along = _rounded(lateral_tilt_deg), _rounded(craniocaudal_tilt_deg)
    on_the_back = gravity_lps[1] > 0
    lateral = "upright"
    if across:
        side = "left" if across > 0 else "right"
        arrow = "→" if (across > 0) == on_the_back else "←"
        lateral = f"{arrow} tip to patient's {side}"
    cranial = "upright"
    if along:
        cranial = "↑ tip to head" if along > 0 else "↓ tip to feet"
    return f"{abs(across):.1f}° {lateral}", f"{abs(along):.1f}° {cranial}"


def row_edge_words(placement: TemplatePlacement) -> str:
    """Say how the plate lies: where its bore A1 points.

    Parameters
    ----------
    placement : TemplatePlacement
        The pose.

    Returns
    -------
    str
        Which way row 1 and column A lie; rows run along the plate's y, columns along its x.
    """
    rotation = placement.lps_from_template.rotation
    words = []
    for name, axis in (("row 1", 1), ("column A", 0)):
        direction = -rotation[:, axis]
        if abs(direction[2]) >= abs(direction[0]):
            side = "the head" if direction[2] > 0 else "the feet"
        else:
            side = "the patient's left" if direction[0] > 0 else "the patient's right"
        words.append(f"{name} toward {side}")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """Write a duration.

    Parameters
    ----------
    seconds : float
        Seconds.

    Returns
    -------
    str
        Minutes and seconds.

    Examples
    --------
    >>> duration(150)
    '2 min 30 s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"


def point(values: Iterable[float]) -> str:
    """Write a point.

    Parameters
    ----------
    values : (3,) array
        LPS millimetres.

    Returns
    -------
    str
        Three numbers with one decimal.

    Examples
    --------
    >>> point([1.0, -2.25, 3.14])
    '1.0, -2.2, 3.1'
    """
    return ", ".join(f"{_rounded(float(value)):.1f}" for value in values)


def percent(share: float) -> str:
    """Write a share.

    Parameters
    ----------
    share : float
        0 to 1.

    Returns
    -------
    str
        Percent, rounded down, so that 99.96 % never reads as 100 %.

    Examples
    --------
    >>> percent(0.9996), percent(1.0)
    ('99.9 %', '100.0 %')
    """
    return f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def _rounded(value: float) -> float:
    return round(value, 1) + 0.0
