"""Images as PNG files with a table of colors, written with what Python brings along."""

import base64
import struct
import zlib

import numpy as np


def png(shades: np.ndarray, colors: np.ndarray) -> bytes:
    """A PNG file of cells `shades` (ny, nx) uint8, numbers in `colors` (256, 3) uint8; the same cells, the same bytes.

    Source: Portable Network Graphics Specification, third edition (W3C, 2023), chapter 11.
    """
    height, width = shades.shape
    rows = np.zeros((height, width + 1), np.uint8)  # every row begins with the number of its filter: none
    rows[:, 1:] = shades
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colors.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts)


def chunk(name: bytes, data: bytes) -> bytes:
    """A piece of the file with its length and its check sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def data_address(shades: np.ndarray, colors: np.ndarray) -> str:
    """The image as an address that holds it: nothing is loaded."""
    return "data:image/png;base64," + base64.b64encode(png(shades, colors)).decode()
