"""Names of rows, columns and bores: column letter and row number, A1 top left."""

from __future__ import annotations


def column_letters(index: int) -> str:
    """Name a column as a spreadsheet does.

    Parameters
    ----------
    index : int
        0 for the leftmost column as the operator sees it.

    Returns
    -------
    str
        One letter up to 26 columns, then two.

    Examples
    --------
    >>> [column_letters(index) for index in (0, 25, 26, 51, 52)]
    ['A', 'Z', 'AA', 'AZ', 'BA']
    """
    letters = ""
    remaining = index + 1
    while remaining:
        remaining, letter = divmod(remaining - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def grid_labels(rows: int, columns: int) -> tuple[str, ...]:
    """Name every bore of a grid, row by row from the top left.

    Parameters
    ----------
    rows, columns : int
        Size of the grid.

    Returns
    -------
    tuple of str
        ``rows * columns`` names.

    Examples
    --------
    >>> grid_labels(2, 3)
    ('A1', 'B1', 'C1', 'A2', 'B2', 'C2')
    """
    return tuple(
        f"{column_letters(column)}{row + 1}" for row in range(rows) for column in range(columns)
    )
