#!/usr/bin/env bash
# Makes .venv from the locked requirements, installs Forewarn into it as an editable package, and fetches Kafka's jars.
# Does nothing that is already done; prints how long it took. PYTHON names the interpreter (>= 3.11).
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
say() { printf '%s\n' "$*" >&2; }

find_python() {
  for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say "Python >= 3.11 was not found; name one: make setup PYTHON=/path/to/python3.11"
  exit 78
}

# The venv module can be there without ensurepip (Debian splits it off); then the interpreter's own pip serves.
make_venv() {
  if [[ "$(.venv/bin/python -V 2>/dev/null)" == "$("$1" -V)" ]] && .venv/bin/python -m pip -V >/dev/null 2>&1; then
    pip=(.venv/bin/python -m pip)
    return
  fi
  say "set-up: new environment in .venv ($("$1" --version))"
  rm -rf .venv
  if "$1" -c 'import ensurepip' 2>/dev/null; then
    "$1" -m venv .venv
    pip=(.venv/bin/python -m pip)
  elif "$1" -m venv --without-pip .venv && "$1" -m pip --version >/dev/null 2>&1; then
    pip=("$1" -m pip --python .venv/bin/python)
  else
    say "This Python has neither ensurepip nor pip; on Debian: apt-get install python3-venv"
    exit 78
  fi
}

install_locked() {
  say "set-up: installing $(grep -c '==' deploy/requirements/dev.lock) locked packages"
  "${pip[@]}" install --disable-pip-version-check --require-hashes -r deploy/requirements/dev.lock >&2
  # Everything it needs is there now: nothing more is resolved or downloaded.
  "${pip[@]}" install --disable-pip-version-check --quiet --no-deps --no-build-isolation --no-index --editable . >&2
}

python=$(find_python)
want=$(cat deploy/requirements/dev.lock pyproject.toml deploy/setup.sh | "$python" -c \
  'import hashlib, sys; print(sys.version.split()[0], hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
if [[ ! -x .venv/bin/forewarn || "$(cat .venv/.installed 2>/dev/null)" != "$want" ]]; then
  make_venv "$python"
  install_locked
  printf '%s\n' "$want" >.venv/.installed
fi
.venv/bin/python -m forewarn.deploy.kafka_jars >/dev/null
say "set-up: $((SECONDS - started)) s"
