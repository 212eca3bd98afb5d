# serve and test set everything up by themselves; a second run starts at once.
# What they need: git, make, and Python 3.11 or newer (or uv, which brings one).

# Options for the program behind a target: make serve ARGS="--listen line=127.0.0.1:9999"
ARGS ?=

BIN := .venv/bin

.PHONY: serve test bench lint types example catalogues clean

serve: .venv/serve.stamp
	@exec $(BIN)/python -m tertulia serve $(ARGS)

test: .venv/develop.stamp
	@$(BIN)/python -m pytest $(ARGS)

bench: .venv/develop.stamp
	@$(BIN)/python -m benchmarks $(ARGS)

lint: .venv/develop.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/catalogues.py check

types: .venv/develop.stamp
	@$(BIN)/mypy

# Writes what is made from the code anew: after a setting, or a text for people, has changed.
example: .venv/serve.stamp
	@$(BIN)/python -m tertulia.config.example > tertulia.example.toml

catalogues: .venv/develop.stamp
	@$(BIN)/python tools/catalogues.py update
	@$(BIN)/python tools/catalogues.py compile

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/serve.stamp .venv/develop.stamp: .venv/%.stamp: pyproject.toml uv.lock tools/set_up.sh
	@sh tools/set_up.sh $*
	@touch $@
