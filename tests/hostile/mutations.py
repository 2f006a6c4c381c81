"""Ways to damage a file, each a pure function of the bytes and a random generator."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

WHOLE = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
LONG = (2**63 - 1, 2**63, 2**64 - 1, 2**40)
REAL = (0.0, -0.0, 1e-320, 1e-9, -1.0, 1e9, 3e38, 1e308, float("nan"), float("inf"), -float("inf"))
WORDS = (
    *(b"0", b"-1", b"1", b"1e9", b"1e-9", b"1e999", b"nan", b"inf", b"2147483648", b"-0"),
    *(b"99999999999999999999", b"0x10", b"1,5", b"1_000", b"", b"null", b"true", b"[]", b"{}"),
    *("\u0663".encode(), b"\0", b"\xff", b"../../x", b"%s%n", b'"', b"none", b"(0,0,0)"),
)
NUMBER = re.compile(rb"[0-9]+")
START_BYTES = 600
"""Headers stand at the start: half of the changes go there."""


def place_in(data: bytearray, random: Random) -> int:
    """Choose a byte, in the header as often as anywhere."""
    end = len(data) if random.random() < 0.5 else min(len(data), START_BYTES)
    return random.randrange(end)


def flip_bits(data: bytearray, random: Random) -> bytearray:
    """Turn one to four bits round."""
    for _ in range(random.randint(1, 4)):
        data[place_in(data, random)] ^= 1 << random.randrange(8)
    return data


def set_byte(data: bytearray, random: Random) -> bytearray:
    """Put another byte in."""
    data[place_in(data, random)] = random.choice((0, 1, 0x20, 0x7F, 0x80, 0xFF, 0x0A, 0x30))
    return data


def set_integer(data: bytearray, random: Random) -> bytearray:
    """Put an integer in that programs stumble over."""
    size = random.choice("HIQ")
    value = random.choice(WHOLE + (LONG if size == "Q" else ()))
    packed = struct.pack(random.choice("<>") + "Q", value & (2**64 - 1))
    count = struct.calcsize(size)
    at = place_in(data, random)
    data[at : at + count] = packed[:count]
    return data


def set_real(data: bytearray, random: Random) -> bytearray:
    """Put a float32 or float64 in that programs stumble over."""
    value, kind = random.choice(REAL), random.choice("fd")
    if kind == "f" and abs(value) > 3.4e38:
        value = float("inf")
    at = place_in(data, random) & ~3
    packed = struct.pack("<" + kind, value)
    data[at : at + len(packed)] = packed
    return data


def cut(data: bytearray, random: Random) -> bytearray:
    """Leave the end out."""
    return data[: random.randrange(len(data))]


def cut_out(data: bytearray, random: Random) -> bytearray:
    """Leave a piece out."""
    at = place_in(data, random)
    del data[at : at + random.choice((1, 2, 4, 16, 128))]
    return data


def double(data: bytearray, random: Random) -> bytearray:
    """Put a piece in twice."""
    at = place_in(data, random)
    piece = data[at : at + random.choice((1, 2, 8, 64, 512))]
    return data[:at] + piece * random.choice((2, 3, 50)) + data[at:]


def clear(data: bytearray, random: Random) -> bytearray:
    """Fill a piece with zeros."""
    at, count = place_in(data, random), random.choice((2, 8, 64, 512))
    end = min(at + count, len(data))
    data[at:end] = bytes(end - at)
    return data


def add(data: bytearray, random: Random) -> bytearray:
    """Put bytes behind the end."""
    return data + random.randbytes(random.choice((1, 4, 100)))


def swap_lines(data: bytearray, random: Random) -> bytearray:
    """Exchange, double or leave out a line."""
    lines = bytes(data).split(b"\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(3)
    if kind == 0:
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 1:
        lines.insert(to, lines[at])
    else:
        del lines[at]
    return bytearray(b"\n".join(lines))


def edit_number(data: bytearray, random: Random) -> bytearray:
    """Change a digit of a written number, or put another word for it."""
    found = [match.span() for match in NUMBER.finditer(bytes(data[:4096]))]
    if not found:
        return flip_bits(data, random)
    start, end = random.choice(found)
    if random.random() < 0.5:
        data[random.randrange(start, end)] = random.choice(b"0123456789")
    else:
        data[start:end] = random.choice(WORDS)
    return data


BINARY: tuple[Callable[[bytearray, Random], bytearray], ...] = (
    *(flip_bits, flip_bits, set_byte, set_integer, set_integer, set_real),
    *(cut, cut_out, double, clear, add),
)
TEXT = (flip_bits, set_byte, cut, cut_out, double, add, swap_lines, edit_number, edit_number)
BOTH = (*BINARY, swap_lines, edit_number, edit_number)


def mutated(
    sample: bytes, random: Random, kinds: tuple[Callable[[bytearray, Random], bytearray], ...]
) -> bytes:
    """Damage a file in one to three ways."""
    data = bytearray(sample)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if data:
            data = random.choice(kinds)(data, random)
    return bytes(data)
