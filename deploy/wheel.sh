#!/bin/bash
# Builds a wheel of the Python module into build/wheel, in a virtual environment of its own: deploy/wheel.sh
#
# pip fetches scikit-build-core and pybind11 from the package index. Where it cannot, this says so and what to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/build/wheel-tools

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 1
}

mkdir -p build
if [ ! -x "$tools/bin/pip" ]; then
  /usr/bin/python3 -m venv "$tools" >"$PWD/build/wheel.log" 2>&1 ||
    fail "cannot make a virtual environment: $(tail -n 1 build/wheel.log)" "apt-get install python3-venv"
fi
for package in 'scikit-build-core>=0.8' 'pybind11>=2.10'; do
  "$tools/bin/pip" install -q "$package" >>build/wheel.log 2>&1 ||
    fail "pip could not install $package: $(grep -m1 ERROR build/wheel.log || tail -n 1 build/wheel.log)" \
      "make the package index reachable (or set PIP_INDEX_URL); 'make build' needs neither"
done
"$tools/bin/pip" wheel . -q --no-deps --no-build-isolation -w build/wheel
echo "$(ls -t build/wheel/drawbridge-*.whl | head -n 1)"
