"""Runs the tests and prints what was counted.

    /usr/bin/python3 tests/run.py BUILD_DIR [--cpp-only]

The C++ tests of BUILD_DIR by ctest, then tests/tree, tests/integration, tests/verify and (where the Python module was
built) tests/python by pytest. Ends with the counts of vectors that the tests report in lines that start with
"vectors: ", and with "N passed, N failed". The same two numbers are in BUILD_DIR/test-counts. Exits 1 when anything
failed, or when nothing ran.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def run_ctest(build):
    """Cases passed and failed, and the lines that report vectors. A case is one of GoogleTest's."""
    # CTest asks to be told when there are no tests: without that it is content.
    subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", f"-j{os.cpu_count()}"])
    log = build / "Testing" / "Temporary" / "LastTest.log"
    if not log.exists():
        return 0, 1, []
    passed = failed = 0
    vectors = []
    # The log has one part for each program, which begins with "3/17 Testing: name" and ends with its verdict.
    for part in re.split(r"^(?=\d+/\d+ Testing: )", log.read_text(errors="replace"), flags=re.M)[1:]:
        cases_passed = sum(int(n) for n in re.findall(r"^\[  PASSED  \] (\d+) tests?\.", part, flags=re.M))
        cases_failed = sum(int(n) for n in re.findall(r"^\[  FAILED  \] (\d+) tests?, listed below", part, flags=re.M))
        program_passed = re.search(r"^Test Passed\.", part, flags=re.M) is not None
        if program_passed:
            cases_passed = max(cases_passed, 1)
        else:
            cases_failed = max(cases_failed, 1)
        passed += cases_passed
        failed += cases_failed
        vectors += re.findall(r"^vectors: .*", part, flags=re.M)
    return passed, failed, vectors


def run_pytest(build):
    """Cases passed and failed. An error in a fixture is a failure."""
    report = build / "pytest.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, DRAWBRIDGE_BUILD=str(build), PYTHONDONTWRITEBYTECODE="1")
    folders = [str(TOP / "tests" / name) for name in ("tree", "integration", "verify")]
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run(command + folders, cwd=TOP, env=environment)
    return counts_of(report)


def run_python(build):
    """The tests of the Python module, apart from the others: they have a conftest.py of their own, and load plugins."""
    if not (build / "python" / "drawbridge").is_dir():
        print("the Python module was not built: tests/python does not run")
        return 0, 0
    report = build / "pytest-python.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, DRAWBRIDGE_BUILD=str(build), PYTHONDONTWRITEBYTECODE="1")
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    subprocess.run(command + [str(TOP / "tests" / "python")], cwd=TOP, env=environment)
    return counts_of(report)


def counts_of(report):
    if not report.exists():
        return 0, 1
    passed = failed = 0
    for suite in xml.etree.ElementTree.parse(report).iter("testsuite"):
        bad = int(suite.get("failures")) + int(suite.get("errors"))
        failed += bad
        passed += max(0, int(suite.get("tests")) - bad - int(suite.get("skipped")))
    return passed, failed


def main():
    arguments = [a for a in sys.argv[1:] if a != "--cpp-only"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    build = Path(arguments[0]).resolve()
    passed, failed, vectors = run_ctest(build)
    if "--cpp-only" not in sys.argv:
        for more_passed, more_failed in (run_pytest(build), run_python(build)):
            passed, failed = passed + more_passed, failed + more_failed
    print()
    for line in sorted(set(vectors)):
        print(line)
    print(f"{passed} passed, {failed} failed")
    (build / "test-counts").write_text(f"{passed} {failed}\n")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
