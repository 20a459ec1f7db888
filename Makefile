# The few commands of the README. Each does the set-up that it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: setup build demo run python wheel test bench package docs format clean help node configure

setup:      ## Install the Debian or Ubuntu packages that the build needs (does nothing when they are there)
	@deploy/setup.sh build

configure: setup
	@test -f build/build.ninja || cmake --preset release --log-level=NOTICE

build: configure ## Build everything: build/bin/drawbridge, build/plugins/*.so, tests, benchmarks
	@cmake --build --preset release

node: configure
	@cmake --build --preset release --target drawbridge plugins/all

demo: node  ## Three nodes on this machine: one shares a file, one opens it, one is refused; with proofs
	@examples/demo.sh

run: node   ## Two nodes, alice and bob, in the foreground with REST on 127.0.0.1:8081; Ctrl-C stops them
	@examples/run.sh

python: configure ## The Python module in build/python, and its story: two nodes in one process
	@cmake --build --preset release --target drawbridge-python-module python plugins/all
	@examples/python/share.py

wheel: setup ## A wheel of the Python module in build/wheel, by pip and scikit-build-core from the package index
	@deploy/wheel.sh

test: build ## All tests: C++ (ctest), then real node processes and the rules of the tree (pytest)
	@/usr/bin/python3 tests/run.py build

bench: build ## Benchmarks; every ratio that bench/README.md keeps
	@deploy/setup.sh bench && bench/run.py

package: build ## Debian packages: build/packages/drawbridge_*.deb and drawbridge-sdk_*.deb
	@deploy/setup.sh package && cd build && cpack -B packages

docs: node  ## The option reference (docs/plugins/options.md) and the C++ reference (build/reference/html)
	@deploy/setup.sh docs && deploy/docs.sh

format:     ## Format the C++ files of the tree
	@deploy/setup.sh clang && git ls-files -co --exclude-standard '*.h' '*.cpp' | xargs clang-format -i

clean:      ## Remove what was built; run/ (the nodes of `make run`) stays
	@rm -rf build build-*

help:       ## This list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
