"""The estimators as scikit-learn meets them."""

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import raphson as rp

checks = pytest.importorskip("sklearn.utils.estimator_checks")


def checked(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@checks.parametrize_with_checks([rp.ml.LogisticRegression(), rp.ml.PoissonRegressor(), rp.ml.GammaRegressor()])
def test_check_estimator(estimator: Any, check: Any) -> None:
    checked(estimator, check)


def test_separation_is_warned_of_and_kept() -> None:
    from sklearn.exceptions import ConvergenceWarning

    X = np.linspace(-1, 1, 20)[:, None]
    with pytest.warns(ConvergenceWarning, match="complete separation by x1"):
        fitted = rp.ml.LogisticRegression(penalty=None).fit(X, X[:, 0] > 0.1)
    assert fitted.separation_.kind == "complete"
    assert fitted.score(X, X[:, 0] > 0.1) == 1
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["dose"])
    with pytest.warns(ConvergenceWarning, match="complete separation by dose"):
        rp.ml.LogisticRegression(penalty=None).fit(frame, X[:, 0] > 0.1)
    copy = pickle.loads(pickle.dumps(rp.ml.LogisticRegression().fit(X, X[:, 0] > 0.1)))
    assert copy.separation_ is None and len(pickle.dumps(copy)) < 2000


def test_in_a_pipeline_and_a_search() -> None:
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = load_iris(return_X_y=True)
    names = load_iris().target_names[y]
    pipe = make_pipeline(StandardScaler(), rp.ml.LogisticRegression(class_weight="balanced"))
    search = GridSearchCV(pipe, {"logisticregression__C": [0.1, 10.0]}, cv=3).fit(X, names)
    assert search.best_score_ > 0.93 and set(search.predict(X)) == set(names)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (rp.ml.LogisticRegression(C=0), "C must be"),
        (rp.ml.LogisticRegression(penalty="l1"), "penalty must be"),
        (rp.ml.PoissonRegressor(alpha=-1), "alpha must be"),
    ],
)
def test_parameters_that_cannot_be_meant(estimator: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        estimator.fit(np.eye(4), np.array([0, 1, 0, 1]))


def test_without_scikit_learn_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = sys.modules['sklearn.base'] = None\n"
        "import raphson as rp\n"
        "assert rp.ml.fit_glm is not None\n"
        "try:\n    rp.ml.LogisticRegression\nexcept ImportError as e:\n    print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install raphson[sklearn]" in done.stdout
