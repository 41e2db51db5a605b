# The only entry points. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
export OMP_NUM_THREADS ?= 1

.PHONY: help book test lint reference clean
.DELETE_ON_ERROR:

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

book: $(VENV)/.ready ## execute every page and render the book
	$(BIN)/jupyter-book build . --all -W -n --keep-going
	@echo "The book is built. Open _build/html/index.html"

test: $(VENV)/.ready lint ## lint, the test suite, and every page against its reference
	$(BIN)/python -m pytest --nbval -n $(WORKERS)

lint: $(VENV)/.ready ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

reference: $(VENV)/.ready ## run the pages and renew tests/reference; review the difference
	$(BIN)/python -m pytest --nbval --update-reference book -n $(WORKERS)

clean: ## remove what was built, not the environment
	rm -rf _build .pytest_cache .ruff_cache .hypothesis

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade-strategy only-if-needed -c constraints.txt -e '.[book,test]'
	touch $@
