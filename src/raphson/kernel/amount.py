"""Counts and sizes as a person writes them."""


def count_words(a: int) -> str:
    """A count: in full up to a million, then three digits and a word."""
    if a < 1_000_000:
        return f"{a:,}".replace(",", " ") if a >= 10_000 else str(a)
    size, word = (1e9, "billion") if a >= 999_500_000 else (1e6, "million")
    return f"{a / size:.3g} {word}"


def size_words(a: float) -> str:
    """Bytes: "6.3 MB"."""
    unit = next((k for k in range(3) if a < 999.5 * 1000**k), 3)
    size, name = a / 1000**unit, ("B", "kB", "MB", "GB")[unit]
    return f"{size:.1f} {name}" if unit >= 2 and size < 99.95 else f"{size:.0f} {name}"
