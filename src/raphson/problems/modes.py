"""Which derivatives the code of a problem allows: forward mode, reverse mode, and either over the gradient.

Most functions allow everything. A `custom_vjp` (`odeint`, many solvers) has no forward mode, a `while_loop` no
reverse mode, a callback neither.
"""

from dataclasses import dataclass

FORWARD, REVERSE, DIFFERENCES = "forward", "reverse", "differences"


@dataclass(frozen=True)
class Modes:
    """What can be had: `forward` (Jacobian times vector), `reverse` (vector times Jacobian), and the Hessian.

    The gradient is taken in reverse mode where there is one, else forwards. `second`: how the Hessian comes
    from it: FORWARD or REVERSE mode over the gradient, or DIFFERENCES of it. `batched`: whether the function can
    be mapped over many points at once (`vmap`). `why`: the constructs that were met. `pieces`: whether the function may
    consist of pieces, at whose seams derivatives tell of one side alone.
    """

    forward: bool = True
    reverse: bool = True
    second: str = FORWARD
    batched: bool = True
    why: tuple[str, ...] = ()
    pieces: bool = False

    @property
    def gradient(self) -> str | None:
        """The mode of the gradient; None: JAX has none."""
        return REVERSE if self.reverse else FORWARD if self.forward else None

    @property
    def costly(self) -> bool:
        """Whether a Hessian costs n^2 evaluations, or is no better than differences."""
        return not self.reverse or self.second == DIFFERENCES

    def error(self, eps: float) -> float:
        """The relative error of the Hessian: that of central differences, with a margin, where it is not exact."""
        return eps**0.4 if self.second == DIFFERENCES else 0.0

    def note(self, what: str) -> str | None:
        """What cannot be had, and what is done instead, in one sentence; None where nothing is missing."""
        beside = "while_loop" if self.reverse else "custom_vjp"  # what the other mode would have minded
        names = [name for name in self.why if name != beside] or self.why
        where = f" ({', '.join(names)})" if names else ""
        H = {FORWARD: "forward", REVERSE: "reverse"}.get(self.second)
        if H is None:
            only = {(True, True): "no second derivatives", (False, True): "reverse mode only, and once"}
            only = only.get((self.forward, self.reverse), "forward mode only, and once")
            return f"JAX has {only} for {what}{where}: the Hessian is taken by differences of the exact gradient"
        if not self.reverse:
            return f"JAX has forward mode only for {what}{where}: a gradient takes n evaluations, a Hessian n^2"
        if not self.forward:
            return f"JAX has reverse mode only for {what}{where}: the Hessian is taken by {H} over reverse mode"
        return None


ORDINARY = Modes()


class NoDerivative(TypeError):
    """JAX can evaluate a function and has no derivative of it. `why` says it in a few words."""

    def __init__(self, why: tuple[str, ...]):
        self.why = f"JAX has no derivative of {', '.join(why) or 'it'}"
        super().__init__(f"{self.why}: rp.minimize and rp.least_squares take such a function by differences")
