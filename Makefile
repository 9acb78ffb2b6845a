# make demo    see it work            make test    everything that must hold before a commit
# make pages   the report's page: its types, its tests, the committed bundle, and real Chromium (needs node and chromium)
# make test-scipy   SciPy's own tests, with minimize, least_squares and curve_fit of raphson
# make docs         docs/*.md as a site for any static host: docs/_build/html
# make coverage     which lines the tests run; COVERED=tests/laws for a part of them
# The others need only make and a python3. Everything is installed inside this folder: .tools/ (uv, where there is none), .venv/ and
# .venv-docs/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-scipy coverage pages docs docs-pictures setup lint types bench format clean

BIN := .venv/bin
WORKERS ?= 2

export JAX_PLATFORMS ?= cpu
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

# Run uv to see whether it is there: a pyenv shim can be on PATH and still fail under this folder's .python-version.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
LOCAL_UV := $(filter .tools/%,$(UV))

help:
	@echo "make demo | test | pages | docs | setup | lint | types | test-slow | test-scipy | coverage | bench | format | clean"

demo: .venv/.raphson
	@$(BIN)/raphson demo

# Two workers share two cores, so each keeps to one thread.
test test-slow test-scipy coverage: export OMP_NUM_THREADS := 1
test test-slow test-scipy coverage: export OPENBLAS_NUM_THREADS := 1

# Programs that XLA compiled are kept, the smallest too: reading one takes a fifth of compiling it. `make clean` forgets
# them.
test test-slow test-scipy coverage: export JAX_COMPILATION_CACHE_DIR ?= $(CURDIR)/.cache/jax
test test-slow test-scipy coverage: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0

# How XLA compiles for tests: by its older code generator (the new one sets up MLIR anew for each fusion), a program in
# one piece, and without LLVM's optimizer: a quarter of the CPU time. Only a*b + c is rounded otherwise, twice instead
# of once, as on machines without that instruction. Tests marked bitwise and `make test-scipy` compile as users do, and
# `make test XLA_FLAGS=` does so everywhere.
test test-slow coverage: export XLA_FLAGS ?= --xla_cpu_parallel_codegen_split_count=1 \
    --xla_backend_extra_options=xla_cpu_disable_new_fusion_emitters --xla_backend_optimization_level=0

test: lint types
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow and not bitwise" $(ARGS)
	XLA_FLAGS= $(BIN)/pytest -n $(WORKERS) --dist worksteal -m bitwise $$(grep -rl mark.bitwise tests --include='*.py')

test-slow: setup
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m slow $(ARGS)

COVERED ?= tests

coverage: export COVERAGE_FILE := $(CURDIR)/.cache/coverage
coverage: setup
	@mkdir -p .cache
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow" --cov --cov-report=term:skip-covered $(COVERED) $(ARGS)

SCIPY_TESTS := $(addprefix scipy.optimize.tests.test_,minpack least_squares optimize trustregion lbfgsb_hessinv regression)

test-scipy: setup
	PYTHONPATH=$(CURDIR) $(BIN)/pytest -c tests/scipy_suite/pytest.ini -p tests.scipy_suite.plugin \
	    -n $(WORKERS) --dist worksteal --pyargs $(SCIPY_TESTS) $(ARGS)

PAGES := $(CURDIR)/.cache/pages

pages: export PAGES := $(PAGES)
pages: setup frontend/node_modules/.package-lock.json
	cd frontend && npm run check && npm test && npm run verify
	$(BIN)/python frontend/pages/make.py $(PAGES)
	cd frontend && PYTHON=$(CURDIR)/$(BIN)/python npm run pages

frontend/node_modules/.package-lock.json: frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
types: setup
	$(BIN)/pyright

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

RACERS := gradient-descent,newton,bfgs,dogleg

# The code blocks of the pages are executed by `make test`, and not here.
docs: .venv-docs/.installed .venv/.raphson
	rm -rf docs/_build && mkdir -p docs/_build/live
	$(BIN)/raphson tour --to docs/_build/live/tour.html >/dev/null
	$(BIN)/raphson lab 'x^4 - 3*x*y + y^2' --start 0.4,0.9 --to docs/_build/live/lab.html >/dev/null
	$(BIN)/raphson minimize rosenbrock --report docs/_build/live/run.html >/dev/null
	$(BIN)/raphson compare rosenbrock --methods $(RACERS) --report docs/_build/live/race.html >/dev/null
	.venv-docs/bin/sphinx-build --quiet --fail-on-warning --keep-going --doctree-dir docs/_build/doctrees docs docs/_build/html
	.venv-docs/bin/python docs/_ext/check_site.py docs/_build/html
	.venv-docs/bin/python docs/_ext/versions.py docs/_build
	@echo "docs/_build/html/index.html"

docs-pictures: setup
	cd docs/pictures && PYTHONPATH=$(CURDIR) $(CURDIR)/$(BIN)/python -m tests.house.draw ../explanation.md ../tutorial.md ../slam.md

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-docs docs/_build .tools .cache frontend/node_modules .hypothesis .pytest_cache .ruff_cache build dist
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# --- set-up: once, and again when pyproject.toml changes ------------------------------------------------------------

setup: .venv/.dev

# uv takes the exact versions from [tool.uv] constraint-dependencies in pyproject.toml.
.venv/.raphson: pyproject.toml $(BIN)/python | $(LOCAL_UV)
	@echo "installing raphson into .venv"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --editable '.[plot]' \
	    || { echo "error: could not install raphson's dependencies; is a Python package index reachable?" >&2; exit 1; }
	@$(BIN)/python -m compileall -q src  # else done at the first import, or at every one where nothing may be written
	@touch $@

.venv/.dev: pyproject.toml .venv/.raphson | $(LOCAL_UV)
	@echo "installing the tools for tests into .venv"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --group dev \
	    || { echo "error: could not install the tools for tests; is a Python package index reachable?" >&2; exit 1; }
	@touch $@

.venv-docs/.installed: pyproject.toml .venv-docs/bin/python | $(LOCAL_UV)
	@echo "installing Sphinx into .venv-docs"
	@$(UV) pip install --quiet --compile-bytecode --python .venv-docs/bin/python --group docs \
	    || { echo "error: could not install Sphinx; is a Python package index reachable?" >&2; exit 1; }
	@touch $@

# An interpreter of this machine if there is one, else one that uv downloads.
$(BIN)/python .venv-docs/bin/python: | $(LOCAL_UV)
	@for python in 3.13 3.12; do \
	    $(UV) venv --quiet --clear --no-python-downloads --python $$python $(@D:/bin=) 2>/dev/null && exit 0; \
	done; \
	$(UV) venv --quiet --clear --python '>=3.12' $(@D:/bin=) 2>/dev/null \
	    || { echo "error: no Python 3.12 or newer found, and none could be downloaded; install Python 3.13" >&2; exit 1; }

.tools/bin/uv:
	@echo "installing uv into .tools"
	@for python in python3 /usr/bin/python3 python; do \
	    $$python -c '' 2>/dev/null || continue; \
	    rm -rf .tools; \
	    $$python -m venv .tools >/dev/null 2>&1 && .tools/bin/python -m pip install --quiet uv && exit 0; \
	    rm -rf .tools; mkdir -p .tools/bin; \
	    $$python -m pip install --quiet --target .tools/uv uv && ln -s ../uv/bin/uv .tools/bin/uv && exit 0; \
	done; \
	rm -rf .tools; \
	echo "error: uv could not be installed: needs a python3 with venv or pip, and a Python package index" >&2; exit 1
