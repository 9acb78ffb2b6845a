"""`rp.plot`: figures with matplotlib (pip install "raphson[plot]"), which is imported when the first one is drawn.

Every function takes `ax`, matplotlib's Axes to draw into (None: a new figure), and returns the Axes. Nothing is shown
(call plt.show() or savefig yourself) and no setting of matplotlib is changed.

`plane` chooses what is drawn of more than two variables: "newton" (-g and the Newton step), "extreme" (the smallest
and the largest curvature), "path" (the main plane of a run), or a pair of variables by number or name. `section`
says what the others do there: "slice" holds them fixed (a sub-block of H), "shadow" minimizes over them (a sub-block
of H^-1). The title always says which.
"""

from collections.abc import Callable as _Callable
from typing import Any

from raphson.kernel import show as _show
from raphson.report.compare import Comparison as _Comparison

__all__ = [
    "convergence", "dual", "ellipse", "ellipsoid", "fidelity", "field", "fit", "graph", "landscape", "layers", "local",
    "run", "sparsity", "spectrum", "stretch", "surface", "training", "whitened",
]  # fmt: skip


def local(model: Any, ax: Any = None, plane: Any = None, section: str = "slice") -> Any:
    """Which way, and why not -g? The levels of f and of its quadratic through x, -g, and the Newton step.

    model: of `rp.local_model`, or a result (its model at the answer). The level of the model through x is the
    ellipse {1/2 s'Hs = rise} around the Newton point, rise = 1/2 g'H^-1 g, semi-axes sqrt(2 rise / lambda) along the
    eigenvectors; -g is perpendicular to it and does not point at its centre. A saddle has hyperbolas instead, a
    valley a strip, a dome an ellipse marked as a hill. Of one variable: the curve and its parabola.

    Raises ValueError where H is not finite, for an unknown plane, and for the shadow of what is no bowl.
    """
    return _draw(lambda scenes: scenes.local(model, plane, section), ax)


def dual(model: Any, ax: Any = None, plane: Any = None, section: str = "slice") -> Any:
    """What does H^-1 look like? The gradients met on the contour through x: {1/2 g'H^-1 g = rise}, in units of g.

    Semi-axes sqrt(2 rise lambda): long where the contour is short. Its normal at g is the Newton direction, as the
    normal of the contour at x is g. Words where H is no bowl. Arguments and errors as in `local`; ValueError for
    one variable.
    """
    return _draw(lambda scenes: scenes.dual(model, plane, section), ax)


def whitened(model: Any, ax: Any = None, plane: Any = None, section: str = "slice", t: float = 1.0) -> Any:
    """Why does Newton work? The contour through x in the coordinates y = H^(t/2) (x - centre).

    t from 0, the ellipse as it is, to 1, a circle of radius sqrt(2 rise) where -gradient points at the centre:
    semi-axes sqrt(2 rise) lambda^((t-1)/2). The path of steepest descent straightens with it. Words where H is no
    bowl. Arguments and errors as in `local`; ValueError for one variable, and for t outside [0, 1].
    """
    return _draw(lambda scenes: scenes.whitened(model, plane, section, t), ax)


def stretch(model: Any, ax: Any = None, plane: Any = None, section: str = "slice", t: float = 1.0) -> Any:
    """What does H^-1 make of every direction? Left every -g of one length, right H^(-t) of them; two Axes are returned.

    Of a bowl the right one is an ellipse of semi-axes |g| lambda^(-t): the circle at t = 0, the contour's shape at
    1/2, at 1 the stretched circle, short where f is steep and long where it is flat (at -1/2 the dual's shape). The
    parts of -g along the axes, each divided by its lambda^t, add up to its image: at t = 1 the Newton step. At a
    saddle or a dome the stretched circle has semi-axes |g| / |lambda|, and steps are reversed where lambda < 0; along
    a flat direction it has no end; powers between 0 and 1 exist for a bowl alone (words else). Where x is the centre
    to the eye the circle has the length 1.

    ax: two Axes, or one, which gets the right picture alone and is returned. The other arguments and errors as in
    `local`; ValueError for one variable, and for t outside [-1/2, 1].
    """
    from raphson.picture import scenes
    from raphson.picture.render import figure

    return figure.draw_beside(scenes.stretch(model, plane, section, t), ax)


def spectrum(model: Any, ax: Any = None, pairs: Any = None) -> Any:
    """Which directions are stiff, flat, downhill? The absolute value of every eigenvalue, colored by its sign.

    Above the stems the gradient's share (v_i'g)^2 / |g|^2 of each eigenvector v_i, named by its leading variables. A
    hollow stem is a curvature that rounding hides. Of more than 60 eigenvalues some are left out, and a note says
    which. Of more than 1500 variables an estimate is drawn, and says so: 160 products with H give both ends with error
    bars and the levels below which each sixtieth of the eigenvalues lies (stochastic Lanczos quadrature; Lin, Saad and
    Yang 2016), without shares. model: as in `local`; ValueError where H is not finite.

    Or of a training loss, model: what `rp.ml.spectral_density` returns. Eigenvalues per decade on logarithmic axes with
    a band of one standard error, each eigenvalue a normal curve 0.12 decades wide, the negative ones below; outliers
    with their values, those on which all runs agree, or those of `pairs`, from `rp.ml.eigenpairs`.
    """
    return _draw(lambda scenes: scenes.spectrum(model, pairs), ax)


def layers(curvature: Any, ax: Any = None) -> Any:
    """Which layers hold the curvature? The trace of every array's block of H, and its share of the top eigenvector.

    curvature: what `rp.ml.layer_curvature(operator)` returns. Stems of absolute values, colored by sign (hollow: not
    told from 0), with bars of one standard error; above, the shares, which add up to 1. TypeError for anything else.
    """
    return _draw(lambda scenes: scenes.layers(curvature), ax)


def landscape(risk: Any, params: Any, ax: Any = None, plane: Any = "newton", reach: float | None = None) -> Any:
    """What does the loss look like around these parameters? The loss in a plane beside its quadratic model there.

    risk: an `rp.ml.EmpiricalRisk`. plane: "newton" (-g and the Newton step), "eigenvectors" (the two whose eigenvalues
    are largest by size), or two directions like the parameters. Lengths are those of the parameters, axes equal, all
    else is held fixed: a slice. The window is that of the quadratic, or `reach` to each side. 41 x 41 losses over all
    the data. ValueError where the loss is not finite, and for another plane. Source: Li, Xu, Taylor, Studer and
    Goldstein (2018), who draw random directions.
    """
    from raphson.picture import learning

    return _draw(lambda scenes: learning.landscape(risk, params, plane, reach), ax)


def training(result: Any, ax: Any = None) -> Any:
    """How did training go? Loss and gradient of the batches, what held steps back, and the gain ratio, by epoch.

    result: what `rp.ml.train` returns. Refused trials are hollow; where an epoch has four trials or more, its mean is
    drawn, too. What held steps back is the damping lambda, the radius or the like; of a transformation the length of
    its step is drawn instead, and no ratio. ax: as many Axes as pictures (four, or three of a transformation; None
    makes them), or one, which gets the loss alone. Returns the Axes. ValueError where no trial was made.
    """
    from raphson.picture.render import figure
    from raphson.picture.views.training import training as curves

    scenes = curves(result.trace, result.seen.unit)
    return figure.draw_beside(scenes if ax is None or _two(ax) else scenes[:1], ax)


def sparsity(model: Any, ax: Any = None) -> Any:
    """What is coupled? Left the pattern of H with its colors, right that of its factor with what elimination adds.

    Columns of one color (letter and hue, up to 24 variables) share a product with H. The factor L of P H P' = L L'
    stands in the order of elimination: entries of H dark, fill light. Of more than 200 variables squares of 200 x 200
    say by their shade how many entries lie in them; nothing of size n x n is formed.

    model: a result, also of a million variables, or a model of `rp.local_model`. Where the function is not known, or
    has no pattern, the entries that are not zero in H at this point. ax: two Axes, or one, which gets the pattern
    alone. TypeError for anything else; ValueError where no pattern is known of more than 3000 variables.
    """
    from raphson.picture import scenes
    from raphson.picture.render import figure

    both = scenes.sparsity(model)
    return figure.draw_beside(both if ax is None or _two(ax) else both[:1], ax)


def graph(fit: Any, ax: Any = None, ellipses: bool | None = None) -> Any:
    """Where is the error in my map? Poses and edges of a graph before (thin, gray) and after, edges by their error.

    fit: of `rp.slam.optimize`. The error of an edge is sqrt(e' Omega e / d) in standard deviations, d the numbers that
    it measures; half of the edges have the calmest color, and the scale reads in gray. Odometry is broad, loop
    closures and landmarks are thin; what is held is a square. Axes are equal, in units of the data; a map in space is
    drawn along the two principal axes of its places. ellipses: whether each place has the ellipse that holds it with
    95 % probability, its marginal covariance, at the answer (None: where a minimum was shown and they do not hide the
    map). ValueError where no variables have places.
    """
    from raphson.picture.maps.graph_map import GraphMap
    from raphson.picture.maps.map_figure import draw_map, few_places

    shown = GraphMap.of(fit, most=1, ellipses=few_places(fit) if ellipses is None else ellipses)
    return draw_map(shown, ax, ellipses=shown.clear if ellipses is None else ellipses)


def _two(ax: Any) -> bool:
    return len(ax) > 1 if isinstance(ax, (list, tuple)) else getattr(ax, "size", 1) > 1


def field(result: Any, moment: str = "end", ax: Any = None, array: int = 0) -> Any:
    """What did it come to? A large array of x in space: of two axes an image, of one a line, of three a middle slice.

    moment: "end", "start", "step" (the last one) or "slope" (the gradient at the end). Colors tell signs apart where
    both occur (and for step and slope), else they go from the least to the greatest; the scale is below. Larger arrays
    are drawn as means over blocks, long lines with a band from the least to the greatest; the caption says so. array:
    which one of the two largest, in the order of x. ValueError for another moment or array, and where x has none of
    256 numbers or more.
    """
    return _draw(lambda scenes: scenes.field(result, moment, array), ax)


def run(result: Any, ax: Any = None, plane: Any = None) -> Any:
    """How did it go? The path on contours of f: points taken filled, rejected trials hollow.

    result: of `minimize`, `curve_fit`, ...; plane: None is the main plane of the path for more than two variables,
    where f is drawn as a slice through the answer and the title prints how much of the path's variance the plane
    holds. ValueError for a result that does not know its start.
    """
    return _draw(lambda scenes: scenes.run(result, plane), ax)


def convergence(results: Any, ax: Any = None) -> Any:
    """How fast? The gap f - lowest f (solid) and max |g| (dotted) after every trial, on logarithmic axes.

    results: a result, a dict of results by name, a list of them, or what `rp.compare` returns. The lowest f is that
    of all of them, so they should be runs on one function. Of a single run every trial is a dot, the rejected ones
    hollow. ValueError where there is no result, TypeError for anything without a trace.
    """
    return _draw(lambda scenes: scenes.convergence(results), ax)


def fidelity(model: Any, ax: Any = None, plane: Any = None) -> Any:
    """How far may I trust the model? Where f and its quadratic differ, with the ring of 10 %.

    The map is (f - m) / (|g's| + 1/2 sum |lambda_i| (v_i's)^2), the error over the absolute size of the model's own
    terms: blue where f lies above the model, orange below, hatched where f is not finite. Of one variable: a curve.
    model: as in `local`; of more than two variables f is cut as a slice. ValueError for a model that does not know
    its function, or whose function is too slow for thousands of values.
    """
    return _draw(lambda scenes: scenes.fidelity(model, plane), ax)


def fit(fit: Any, ax: Any = None) -> Any:
    """Do curve and data agree? How sure is the curve? Data, curve with its confidence band, and residuals below.

    The band is the 95 % confidence band of the curve at each x for itself, by the delta method: f(x) -+ t sqrt(j C j'),
    j the derivative of f(x) by the parameters, C their covariance, t Student's quantile. Along directions that the data
    do not determine the curve is held, and the caption says so. With several predictors data are drawn over the model's
    own values; of `least_squares`, which knows no x, the residuals by number. Returns the upper Axes; the residuals'
    are `ax.child_axes[0]`. TypeError for what is no fit. Source: Bates and Watts (1988), section 2.3.
    """
    return _draw(lambda scenes: scenes.fit(fit), ax)


def ellipse(fit: Any, i: Any = 0, j: Any = 1, ax: Any = None, probability: float = 0.95) -> Any:
    """Which values do the data allow? The error ellipse of parameters i and j (numbers or names) of a fit.

    {s'C^-1 s = k^2} with C their block of the covariance, a shadow: the other parameters are estimated again. k is
    chosen so that it holds both with this probability; the dashed one of k = 1 touches both standard errors and holds
    39 % (less where the noise is estimated from few data), not 68 %. Of a fit with two parameters the exact cost is
    drawn at the same height.

    Raises TypeError for what is no fit; ValueError for an unknown parameter, a probability outside (0, 1), and, in
    words that say why, where a parameter has no standard error: not determined by the data, or at a bound.
    """
    return _draw(lambda scenes: scenes.ellipse(fit, i, j, probability), ax)


def ellipsoid(model: Any, ax: Any = None, variables: Any = None, section: str = "slice") -> Any:
    """What does the level look like in three variables? The ellipsoid through x, its axes, -g and the Newton step.

    Semi-axes sqrt(2 rise / lambda). Where H has curvatures of both signs, or none along some direction, there is no
    ellipsoid: its axes are drawn, colored by sign, and words. ax: 3-D axes (None makes some; they can be turned
    with the mouse), or plain ones for a flat drawing. variables: three of them by number or name where there are
    more; section as in `local`. ValueError for fewer than three variables, or more without a choice.
    """
    return _draw3(lambda scenes: scenes.ellipsoid(model, variables, section), ax)


def surface(model: Any, ax: Any = None, plane: Any = None, section: str = "slice") -> Any:
    """How do f and its quadratic touch? Both as surfaces over a plane, with -g and the Newton step on the quadratic.

    At x they have the same height, slope and curvature. ax as in `ellipsoid`, everything else as in `local`.
    ValueError for one variable.
    """
    return _draw3(lambda scenes: scenes.surface(model, plane, section), ax)


def _draw(view: _Callable[[Any], Any], ax: Any) -> Any:
    # Imported here, so that `import raphson` does not pay for pictures that nobody asked for.
    from raphson.picture import scenes
    from raphson.picture.render import figure

    return figure.draw(view(scenes), ax)


def _draw3(view: _Callable[[Any], Any], ax: Any) -> Any:
    from raphson.picture import scenes
    from raphson.picture.render import figure3

    return figure3.draw3(view(scenes), ax)


@_show.plot.register
def _comparison(thing: _Comparison, ax: Any = None) -> Any:
    return convergence(thing, ax)
