#!/bin/bash
# Writes the option reference from the plugins themselves, and the C++ reference by Doxygen: deploy/docs.sh [BUILD]
# Fails on any warning of Doxygen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:-build}

{
  echo "# The options of every plugin"
  echo
  echo "Made by \`make docs\` from what each plugin declares; \`drawbridge describe ID\` prints the same for one."
  echo
  "$build/bin/drawbridge" describe --all --markdown
} >docs/plugins/options.md
mkdir -p "$build/reference"
{ cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $build/reference"; } | doxygen -
echo "docs/plugins/options.md and $build/reference/html/index.html are up to date"
