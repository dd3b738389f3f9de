#!/usr/bin/env bash
# Pins the requirements anew, with hashes and without any index's address.
set -euo pipefail
cd "$(dirname "$0")/.."
pin() {
  env -u PIP_FIND_LINKS .venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-build-isolation \
    --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file "$@"
}
pin deploy/requirements/runtime.lock pyproject.toml
pin deploy/requirements/dev.lock --extra demo --extra dev --constraint deploy/requirements/runtime.lock pyproject.toml
pin deploy/requirements/bench.lock deploy/requirements/bench.in
pin deploy/requirements/build.lock deploy/requirements/build.in
