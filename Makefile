# What a person types. GNU make 3.81 (macOS) is enough; each target does its own set-up in .venv.
#
#   PYTHON=python3.12   the interpreter to build .venv with, instead of the newest one found
#   ONCE=1              demo: check everything over HTTP, then end by itself
#   ARGS="-k spool -x"  test, test-fast, ...: more arguments for pytest
#   ONLY=spool          mutants: one package, or one of its files (spool/writer.py)
#   SAMPLE=300 SEED=2   mutants: so many of each package, drawn at random from this seed

SETUP := scripts/setup
BIN   := .venv/bin
export PYTHON
# Half of what collecting tests costs is to compile them, and each process that a test starts compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE

# No cluster, no database server, no browser.
FAST := --ignore tests/contract/test_targets.py --ignore tests/contract/test_postgresql.py tests/unit tests/contract tests/facade

.DEFAULT_GOAL := help
.PHONY: help demo docs bench test test-fast slow-tests test-frameworks test-long mutants notebook clean check dev lint formatting layers recording types budgets format

help:
	@echo 'make demo       a history and a running job in TensorBoard, until Ctrl-C (ONCE=1: check and end)'
	@echo 'make notebook   JupyterLab on examples/'
	@echo 'make test       all tests (ARGS="-k name" for some)'
	@echo 'make test-fast  unit, contract and facade tests but the slow ones, a cluster, a database server and a browser'
	@echo 'make slow-tests measure which tests make test-fast leaves out'
	@echo 'make test-frameworks  tests that train by PyTorch, Lightning, Keras and Hugging Face (1.2 GB)'
	@echo 'make test-long  what takes minutes: kills, signals, refusing disks, damage, by the thousand'
	@echo 'make mutants    change the code in one place at a time: do fast tests notice? (ONLY=spool SAMPLE=300)'
	@echo 'make bench      what it costs, beside the floor and the peers (benchmarks/README.md)'
	@echo 'make docs       the book, from docs/ into site/ (ARGS=serve shows it while you write)'
	@echo 'make check      lint, formatting, types, layers, budgets'
	@echo 'make format     what make check can repair by itself'
	@echo 'make clean      remove the environment and all caches; a history (.trackboard) stays'

demo:
	@$(SETUP) demo
	@$(BIN)/trackboard demo $(if $(filter-out 0,$(ONCE)),--once)

bench:
	@$(SETUP) test
	@for each in log freshness start load scale history export submit; do \
	  $(BIN)/python benchmarks/$$each.py && echo || exit 1; done

docs:
	@$(SETUP) docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs --quiet $(or $(ARGS),build)

notebook:
	@$(SETUP) notebook
	@cd examples && ../$(BIN)/jupyter lab

test:
	@$(SETUP) test
	@scripts/page-checkers axe-core
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --ignore tests/arch --ignore tests/frameworks $(ARGS)

test-fast:
	@$(SETUP) test
	@$(BIN)/python -m pytest --numprocesses logical --dist loadgroup -m 'not long and not slow' $(FAST) $(ARGS)

slow-tests:
	@$(SETUP) test
	@$(BIN)/python -m pytest -m 'not long' --measure-slow-tests $(FAST) $(ARGS)

test-frameworks:
	@$(SETUP) frameworks-test
	@.venv-frameworks/bin/python -m pytest --numprocesses logical --dist loadgroup tests/frameworks $(ARGS)

test-long:
	@$(SETUP) test
	@scripts/page-checkers axe-core lighthouse
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup -m long --timeout 1800 \
	  --durations 0 --durations-min 1 tests/long tests/e2e tests/unit/server $(ARGS)

mutants:
	@$(SETUP) dev
	@$(BIN)/python scripts/mutants.py $(if $(ONLY),--only $(ONLY)) $(if $(SAMPLE),--sample $(SAMPLE)) \
	  $(if $(SEED),--seed $(SEED)) $(ARGS)

# The recording path runs inside jobs, whatever Python they have: nothing newer than 3.9 there.
RECORDING := src/trackboard/errors.py src/trackboard/lazy_names.py src/trackboard/notice.py src/trackboard/model src/trackboard/layout \
             src/trackboard/spool src/trackboard/record src/trackboard/frameworks src/azureml/*.py src/azureml/exceptions \
             src/trackboard/inside \
             src/azureml/_base_sdk_common src/azureml/core/_run src/azureml/core/_*.py src/azureml/core/run.py \
             src/azureml/core/authentication.py src/azureml/core/resource_configuration.py

check: lint formatting layers recording types budgets

dev:
	@$(SETUP) dev

lint: dev
	$(BIN)/ruff check

formatting: dev
	$(BIN)/ruff format --check

layers: dev
	$(BIN)/lint-imports --no-cache --no-logo

recording: dev
	$(BIN)/vermin --quiet --no-tips --violations --target=3.9- $(RECORDING)

types: dev
	$(BIN)/mypy

budgets: dev
	$(BIN)/python -m pytest tests/arch

format: dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv .venv-frameworks .venv-pages build dist site mutants .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} +
