# Needs Python 3.11 or newer and make. Everything else goes into .venv, beside this file.

.DEFAULT_GOAL := help
.PHONY: demo test fuzz check bench install clean help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

demo: $(VENV)/.installed ## show two fake nodes chat and transfer a file
	@$(BIN)/python -m kinode_nb demo $(ARGS)

test: $(VENV)/.installed-test ## run the tests and every lesson; ARGS="-k vfs" passes options to pytest
	@$(BIN)/python -m pytest --nbmake tests notebooks $(ARGS)

fuzz: $(VENV)/.installed-test ## ten thousand hostile examples for each door of a node; takes minutes
	@$(BIN)/python -m pytest --hypothesis-profile=fuzz --timeout=7200 tests/fuzz tests/conformance/test_model.py $(ARGS)

check: $(VENV)/.installed-check ## lint, formatting, types, and the layers of the architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed-bench ## measure beside the peers; prints ratios
	@set -e; for script in benchmarks/[a-z]*.py; do \
	  echo "== $$script"; $(BIN)/python $$script $(ARGS); \
	done

install: EXTRAS := [test,browser,check,bench]
install: | $(BIN)/python ## everything at once: tests, browser tests, checks, benchmarks
	@$(install)
	@touch $(VENV)/.installed $(VENV)/.installed-test $(VENV)/.installed-check $(VENV)/.installed-bench

clean: ## remove .venv and whatever the other targets leave behind
	rm -rf $(VENV) build dist *.egg-info .hypothesis .*_cache
	rm -f notebooks/my_file.txt
	find kinode_nb tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

# ------------------------------------------------------------------------------------------ .venv
# A stamp for each set of extras, as old as the pyproject.toml that it was installed from.

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@$(install)
	@touch $@

$(VENV)/.installed-%: EXTRAS = [$*]
$(VENV)/.installed-%: pyproject.toml | $(BIN)/python
	@$(install)
	@touch $@ $(VENV)/.installed

# uv where there is one, since it takes seconds; pip, which every venv has, where there is none or
# where it fails.
define install
echo "installing .$(EXTRAS) into $(VENV)"; \
if $(BIN)/python -m uv --version >/dev/null 2>&1; then uv="$(BIN)/python -m uv"; \
elif uv --version >/dev/null 2>&1; then uv=uv; \
else uv=false; fi; \
$$uv pip install --quiet --python $(BIN)/python -e '.$(EXTRAS)' 2>/dev/null \
|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.$(EXTRAS)'
endef

# The first Python that is new enough; PYTHON=... goes before all others. Debian's own has no
# ensurepip without the package python3-venv: then its pip, or uv, serves the venv as well.
$(BIN)/python:
	@set -- $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; \
	while [ $$# -gt 0 ]; do \
	  "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && break; shift; \
	done; \
	[ $$# -gt 0 ] || { echo "kinode_nb needs Python 3.11 or newer: install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	echo "making $(VENV) with $$1"; \
	if "$$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then "$$1" -m venv $(VENV); \
	elif uv --version >/dev/null 2>&1; then uv venv --quiet --seed --python "$$1" $(VENV); \
	elif "$$1" -m pip --version >/dev/null 2>&1; then \
	  "$$1" -m venv --without-pip $(VENV) && "$$1" -m pip --python $@ install --quiet pip; \
	else echo "this Python makes no virtual environments: install your system's python3-venv package" >&2; exit 1; fi
