"""Minima of the classic problems, by the name of the entry.

Polished by Newton's method in double precision until no digit moved, or known in closed form. Of functions with many
local minima the list holds those near the starts; McCormick's function is unbounded below, so that all of its
minima are local.
"""

from math import pi

from .record import Minimum

MINIMA: dict[str, tuple[Minimum, ...]] = {
    "himmelblau": (
        Minimum(0.0, (3.0, 2.0)),
        Minimum(0.0, (-2.805118086952745, 3.131312518250573)),
        Minimum(0.0, (-3.779310253377747, -3.2831859912861696)),
        Minimum(0.0, (3.5844283403304917, -1.8481265269644036)),
    ),
    "booth": (Minimum(0.0, (1.0, 3.0)),),
    "matyas": (Minimum(0.0, (0.0, 0.0)),),
    "mccormick": (
        Minimum(-1.9132229549810367, (-0.5471975511965979, -1.5471975511965979), "local"),
        Minimum(1.2283696986087567, (2.5943951023931953, 1.5943951023931955), "local"),
    ),
    "three-hump-camel": (
        Minimum(0.0, (0.0, 0.0)),
        Minimum(0.29863844223685904, (-1.7475523458302888, 0.8737761729151444), "local"),
        Minimum(0.29863844223685904, (1.7475523458302888, -0.8737761729151444), "local"),
    ),
    "six-hump-camel": (
        Minimum(-1.0316284534898774, (0.08984201310031806, -0.7126564030207396)),
        Minimum(-1.0316284534898774, (-0.08984201310031806, 0.7126564030207396)),
        Minimum(-0.21546382438371903, (-1.7036067149699812, 0.7960835686726252), "local"),
        Minimum(-0.21546382438371903, (1.7036067149699812, -0.7960835686726252), "local"),
    ),
    "goldstein-price": (
        Minimum(3.0, (0.0, -1.0)),
        Minimum(30.0, (-0.6, -0.4), "local"),
        Minimum(84.0, (1.8, 0.2), "local"),
        Minimum(840.0, (1.2, 0.8), "local"),
    ),
    "easom": (
        Minimum(-1.0, (pi, pi)),
        Minimum(-8.110223891570075e-05, (1.3049954504376675, 1.3049954504376675), "local"),
    ),
    "branin": (
        Minimum(0.39788735772973816, (-pi, 12.275)),
        Minimum(0.39788735772973816, (pi, 2.275)),
        Minimum(0.39788735772973816, (3 * pi, 2.475)),
    ),
    "ackley": (
        Minimum(0.0, (0.0, 0.0)),
        Minimum(2.5799275570298725, (0.9521665459501717, 0.0), "local"),
        Minimum(3.5744518772576805, (0.9684776587077244, 0.9684776587077244), "local"),
    ),
    "levy-13": (
        Minimum(0.0, (1.0, 1.0)),
        Minimum(0.10987365835883793, (0.6703805254516864, 1.0), "local"),
        Minimum(0.10987365835883793, (1.3296194745483136, 1.0), "local"),
        Minimum(0.97371159557685, (1.0, 0.027337597884571678), "local"),
        Minimum(0.97371159557685, (1.0, 1.9726624021154286), "local"),
        Minimum(0.9888264859865038, (0.011214996576232036, 1.0), "local"),
        Minimum(0.9888264859865038, (1.9887850034237682, 1.0), "local"),
    ),
    "trefethen": (Minimum(-3.306868647475237, (-0.024403079694375173, 0.21061242715535575)),),
    "log-barrier": (Minimum(1.056051701859881, (1.01,)),),
    "saddle": (
        Minimum(-1.0, (0.0, 2**0.5)),
        Minimum(-1.0, (0.0, -(2**0.5))),
    ),
    "monkey-saddle-well": (
        Minimum(-27 / 256, (-0.75, 0.0)),
        Minimum(-27 / 256, (0.375, 0.375 * 3**0.5)),
        Minimum(-27 / 256, (0.375, -0.375 * 3**0.5)),
    ),
    "rosenbrock-tiny": (Minimum(0.0, (1.0, 1.0)),),
    "rosenbrock-units": (Minimum(0.0, (1.0, 10000.0)),),
    "rosenbrock-units-large": (Minimum(0.0, (1.0, 0.0001)),),
    "quartic-valley": (Minimum(0.0, (1.0, 1.0)),),
    "double-well": (
        Minimum(-0.30542848374391596, (-1.0355787140888537,)),
        Minimum(0.29414648102826285, (0.9601495555191055,), "local"),
    ),
    "log-cosh": (Minimum(0.0, (0.0,)),),
    "logistic-regression": (
        Minimum(
            18.498376777822276,
            (
                0.5297796408323182,
                0.44934225299054426,
                -0.8255404460700062,
                -1.6150386384780722,
                -0.7334914531775217,
                -0.025142966488042345,
                0.938270007347483,
                1.2666682727083882,
                -0.025610765985983094,
                -1.705266383610701,
            ),
        ),
    ),
}
