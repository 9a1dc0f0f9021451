# Everything a newcomer needs: make demo. Each target sets up .venv first, where that has not been done.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser check fix clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F '|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup:  ## make .venv with Mintage and its tools (Python 3.11+; uv if it is there)
	@sh scripts/setup

demo: setup  ## train on the built-in images for four minutes, with a live view, samples, a film and a report
	@.venv/bin/mintage demo

test: setup  ## the default tests
	@sh scripts/test

test-browser: setup  ## the studio in Chromium: a newcomer's path, keyboard, accessibility; screenshots in artefacts/browser
	@sh scripts/test-browser

check: setup  ## style, types and house rules
	@sh scripts/check

fix: setup  ## repair style, then check
	@sh scripts/check --fix

clean:  ## remove .venv and caches; runs stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
