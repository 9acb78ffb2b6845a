"""Presets that belong together in several suites."""

NEWTON_TYPE = (
    "newton",
    "damped-newton",
    "trust-exact",
    "trust-cg",
    "trust-krylov",
    "newton-cg",
    "dogleg",
    "damped",
    "cubic",
)
