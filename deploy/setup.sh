#!/bin/bash
# Installs the packages that a build needs: deploy/setup.sh [build] [clang] [bench] [docs] [package]
#
# Debian 12, Debian 13 and Ubuntu 24.04. Says nothing and takes one dpkg-query when nothing is missing. Without the
# right to install it prints the line to run and exits 1. Never removes a package.
set -euo pipefail

. /etc/os-release
case "$ID-${VERSION_ID:-}" in
  debian-12) boost=1.81 llvm=14 ;;
  debian-13) boost=1.83 llvm=19 ;;
  ubuntu-24.04) boost=1.83 llvm=18 ;;
  *)
    echo "error: deploy/setup.sh knows Debian 12, Debian 13 and Ubuntu 24.04, not '${PRETTY_NAME:-$ID}'" >&2
    echo "hint: install what deploy/setup.sh lists (Boost 1.81 or newer, gcc 12 or newer), then run the build with:" >&2
    echo "      cmake --preset release && cmake --build --preset release" >&2
    exit 1
    ;;
esac

packages=(g++ cmake ninja-build ccache pkg-config git curl
  libboost$boost-dev libboost-json$boost-dev libboost-url$boost-dev libboost-filesystem$boost-dev
  libssl-dev libcrypto++-dev librocksdb-dev libsqlite3-dev liblmdb-dev libyaml-cpp-dev libspdlog-dev libfmt-dev
  libcli11-dev libgtest-dev libbenchmark-dev python3 python3-pytest python3-requests python3-cryptography python3-yaml
  python3-dev pybind11-dev python3-hypothesis python3-mypy)
for group in "$@"; do
  case "$group" in
    build) ;;
    clang) packages+=(clang clang-format clang-tidy libclang-rt-$llvm-dev) ;;
    docs) packages+=(doxygen) ;;
    package) packages+=(dpkg-dev file) ;;
    bench) packages+=(wrk nginx-light python3-plyvel) ;;
    *) echo "error: unknown group '$group'; the groups are build, clang, bench, docs and package" >&2; exit 1 ;;
  esac
done

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  [[ $'\n'"$installed"$'\n' == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    root=(sudo -n)
  else
    echo "error: these packages are missing: ${missing[*]}" >&2
    echo "hint: run this, then try again:" >&2
    echo "      sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
echo "installing ${missing[*]}"
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
"${apt[@]}" update
if ! "${apt[@]}" install --no-install-recommends --no-remove "${missing[@]}"; then
  echo "error: apt-get could not install: ${missing[*]}" >&2
  echo "hint: if another Boost is in the way (libboost-dev and what depends on it), remove it and try again" >&2
  exit 1
fi
