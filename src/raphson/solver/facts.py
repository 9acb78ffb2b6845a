"""What a run knows of the sparsity of its Hessian, in numbers that a person reads."""

from dataclasses import dataclass
from typing import Any

from raphson.kernel.amount import count_words, size_words
from raphson.solver.sparsity import cost_of


@dataclass(frozen=True)
class SparsityFacts:
    """The pattern of a sparse Hessian H (n, n), and what a factor of it costs.

    `entries`: places of H that can be nonzero, both triangles and the whole diagonal; `colors`: products H v that give
    them all (on the host: differences of the gradient; 0 where `hess` gives the entries); `factor_entries`: of L in
    L L' = P H P', the diagonal included; `bytes`: of the factors that are held at a time; `operations`: additions and
    multiplications of one factorization; `exact`: whether the factorization takes the very order that these are of
    (else one as good).
    """

    n: int
    entries: int
    colors: int
    factor_entries: int
    bytes: float
    operations: float
    exact: bool

    @property
    def fill(self) -> float:
        """Entries of L over those of the lower triangle of H: 1 where elimination adds none."""
        return self.factor_entries / ((self.entries + self.n) / 2)

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain numbers."""
        return {
            "n": self.n, "entries": self.entries, "colors": self.colors, "factor_entries": self.factor_entries,
            "fill": self.fill, "bytes": self.bytes, "operations": self.operations, "exact": self.exact,
        }  # fmt: skip

    def lines(self) -> list[tuple[str, str]]:
        """What `print(result)` says: (label, text)."""
        colors = {0: "", 1: ", in 1 color: a single product gives it"}.get(
            self.colors, f", in {self.colors} colors: so many products give it"
        )
        more = f"{self.fill:.3g} times the lower half of H"
        return [
            ("pattern", f"H: {count_words(self.entries)} entries, {self.entries / self.n:.3g} a row{colors}"),
            ("factor", f"L: {count_words(self.factor_entries)} entries, {more}; {size_words(self.bytes)}, "
                       f"{count_words(int(self.operations))} operations each"),
        ]  # fmt: skip


def sparsity_facts(problem: Any) -> SparsityFacts | None:
    """The facts of a problem that knows its sparsity; None for others."""
    sparsity = getattr(problem, "sparsity", None)
    if sparsity is None:
        return None
    structure, cost = sparsity.structure, cost_of(problem)
    return SparsityFacts(
        n=structure.size, entries=2 * structure.entries - structure.size, colors=sparsity.colors,
        factor_entries=cost.nonzeros, bytes=cost.bytes, operations=cost.flops, exact=cost.exact,
    )  # fmt: skip
