# make demo  install what is needed, measure the mini set, print the tables and where the report is
# make test  the checks and the tests
# make clean remove the environment and the demo's results

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench clean setup

demo: $(READY)
	$(BIN)/fsbench run ff++ --data mini
	$(BIN)/fsbench run lfw --data mini

# several at once, each a file of tests, how many and in which order tests/conftest.py says;
# TESTS=tests/unit/metrics takes a part. Tests are rewritten for their messages, which is kept as bytecode.
TESTS ?=
test: check
	env -u PYTHONDONTWRITEBYTECODE \
	  $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "fsbench needs Python 3.10 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e '.[offline,ray,remote,train,userstudy,dev]'
	# facenet-pytorch pins an old torch, numpy and pillow, and runs with the current ones
	$(BIN)/python -m pip install --quiet --no-deps facenet-pytorch==2.6.0
	# opencv-python needs libGL; where the machine has none, the headless build takes its place
	@$(BIN)/python -c 'import cv2' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --no-deps --force-reinstall opencv-python-headless
	@$(BIN)/python -c 'import cv2'
	@touch $(READY)

bench: $(READY)
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache
