# The verbs of this project; each installs what it needs into .venv and works on a fresh machine.

VENV ?= .venv
RUN := OMP_WAIT_POLICY=PASSIVE $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
PYTHON ?= python3
RUNS ?= runs
WORKERS ?= 2
export PYTHONDONTWRITEBYTECODE =  # or each of the suite's processes compiles all that it imports: 7 s of 12

.DEFAULT_GOAL := help
.PHONY: help demo sweep test suite check papers paper-s0 paper-s1 paper-s2-blackbox paper-s2-dual paper-s2-wide paper-s3 paper-s4 paper-calibration bench clean

help:  ## list the verbs
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */\t/' | expand -t 20

# what is never imported need not be compiled: a minute of the first installation
INSTALL = $(PYTHON) -m venv $(VENV) && $(VENV)/bin/python -m pip install --quiet --no-compile \
  --constraint constraints.txt --editable

$(INSTALLED): pyproject.toml constraints.txt
	$(INSTALL) .
	@touch $@

$(READY): pyproject.toml constraints.txt
	$(INSTALL) ".[dev]"
	@touch $(INSTALLED) $@

demo: $(INSTALLED)  ## train an autoencoder on real digits and write its report
	$(RUN)/infoplane run autoencoder --runs-dir $(RUNS)

sweep: $(INSTALLED)  ## the same over code sizes and seeds: 25 runs, judged over their seeds, on one page
	$(RUN)/infoplane sweep autoencoder --grid code_size=2,4,8,12,16 --seeds 5 \
	  --steps 3000 --snapshots 40 --runs-dir $(RUNS)

test: check suite  ## everything CI calls: style, types, layers, all tests

suite: $(READY)  ## all tests, without style, types and layers
	$(RUN)/python -m pytest -q -n $(WORKERS) --dist worksteal

check: $(READY)  ## style, types and layers, without tests
	$(RUN)/ruff format --check src tests benchmarks examples
	$(RUN)/ruff check src tests benchmarks examples
	$(RUN)/mypy
	$(RUN)/lint-imports

papers: paper-s0 paper-s1 paper-s2-blackbox paper-s2-dual paper-s2-wide paper-s3 paper-s4 paper-calibration  ## all long reproductions; resumable, never in CI

paper-s0: $(INSTALLED)  ## S0 on MNIST, eight code sizes: half an hour (set INFOPLANE_DATA, or it is downloaded)
	$(RUN)/infoplane sweep autoencoder --file sweeps/s0.toml --seeds 1 --runs-dir $(RUNS)

paper-s1: $(INSTALLED)  ## S1 on MNIST, all species of autoencoders
	$(RUN)/infoplane sweep species --file sweeps/s1.toml --seeds 1 --runs-dir $(RUNS)

paper-s2-blackbox: $(INSTALLED)  ## S2's 40 networks on the 12-bit problem with their critics, and eleven ways to train 20: an hour
	$(RUN)/infoplane sweep blackbox --file sweeps/s2-blackbox.toml --seeds 1 --runs-dir $(RUNS)

paper-s2-dual: $(INSTALLED)  ## S2's variational bottlenecks and their dual on MNIST: 24 runs, seven minutes
	$(RUN)/infoplane sweep dual --file sweeps/s2-dual.toml --seeds 1 --runs-dir $(RUNS)

paper-s2-wide: $(INSTALLED)  ## S2's infinite ensembles: 16 networks, some seconds each
	$(RUN)/infoplane sweep wide --file sweeps/s2-wide.toml --seeds 1 --runs-dir $(RUNS)

paper-s3: $(INSTALLED)  ## S3 on MNIST, five filter counts of a CNN, each beside its twin on shuffled labels: a quarter to half of an hour
	$(RUN)/infoplane sweep convnet --file sweeps/s3.toml --seeds 1 --runs-dir $(RUNS)

paper-s4: $(INSTALLED)  ## S4 on MNIST, three seeds, and training with its feedback, five seeds: a quarter of an hour
	$(RUN)/infoplane sweep transfer --file sweeps/s4.toml --seeds 3 --runs-dir $(RUNS)
	$(RUN)/infoplane sweep feedback --file sweeps/s4-feedback.toml --seeds 5 --runs-dir $(RUNS)

paper-calibration: $(INSTALLED)  ## all estimators where the truth is known: under an hour, and the summary that is shipped
	$(RUN)/infoplane run calibration --runs-dir $(RUNS) && $(RUN)/python scripts/ship_calibration.py $(RUNS)

bench: $(READY)  ## speed, as ratios against the floor and against peers
	for script in benchmarks/[a-z]*.py; do $(RUN)/python $$script || exit 1; done

clean:  ## remove the environment and every cache; runs are kept
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache build dist
	find src tests examples benchmarks scripts -name __pycache__ -prune -exec rm -rf {} +
