"""drawbridge-verify on plugins with one fault each, and on the plugins of the tree.

Each bad plugin of the table is caught, by the case that it should be, with a message that tells its author what to do.
"""

import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("DRAWBRIDGE_BUILD", TOP / "build"))
PROGRAM = BUILD / "bin" / "drawbridge-verify"
BAD = BUILD / "tests" / "verify" / "plugins"
PLUGINS = BUILD / "plugins"
PASSED, FAILED, NOTHING = 0, 1, 2

# The bad plugin: the case that finds it, and what the message must say.
FAULTS = {
    "not_a_plugin": ("plugin.IsAPluginForThisBuild", r"is a shared library but not a plugin .*DRAWBRIDGE_PLUGIN"),
    "wrong_magic": ("plugin.IsAPluginForThisBuild", r"descriptor of an unknown format"),
    "other_abi": ("plugin.IsAPluginForThisBuild", r"made for SDK ABI \d+, this is \d+.*rebuild"),
    "other_compiler": ("plugin.IsAPluginForThisBuild", r"another compiler \(gcc-99 where this has"),
    "other_sanitizer": ("plugin.IsAPluginForThisBuild", r"another sanitizer \(sanitizer-hwasan where this has"),
    "throws_in_create": ("plugin.CanBeConfigured", r"unavailable: no connection to the database"),
    "foreign_exception": ("component.StartsWithinTheDeadline", r"foreign exception .*throw drawbridge::Error"),
    "hangs_in_start": ("component.StartsWithinTheDeadline", r"hangs: start\(\) did not finish within"),
    "hangs_in_stop": ("component.StopsTwice", r"hangs: stop\(\) did not finish within"),
    "crashes_when_stopped_twice": ("component.StopsTwice", r"crashed with SIGSEGV.*in stop\(\)"),
    "crashes_unstarted": ("component.DestroyedUnstarted", r"crashed with SIGSEGV.*in the destructor"),
    "crashes_in_get": ("component.StopsAfterWork", r"crashed with SIGSEGV, a null or wild pointer"),
    "wrong_value": ("component.StopsAfterWork", r"Records::get gives another value than was committed"),
    "forgets": ("records.SurvivesARestart", r"lost at a restart"),
    "ignores_preconditions": ("records.*", r"expected an error conflict, got nothing was thrown"),
    "leaks_instances": ("component.InstancesLeakNothing", r"leaks memory: each instance leaves about \d{4} bytes"),
    "leaks_calls": ("component.CallsLeakNothing", r"leaks memory: each call leaves about \d+ bytes"),
    "leaks_threads": ("component.InstancesLeakNothing", r"leaks threads: each instance leaves one behind"),
    "leaks_files": ("component.InstancesLeakNothing", r"leaks file descriptors: each instance"),
    "shares_state": ("component.TwoInstancesSideBySide", r"keep no state in globals or statics"),
    "blocks_the_io_thread": ("component.CallsLeaveTheIoThreadFree", r"holds its I/O thread for \d+ms.*Host::blocking"),
    "keeps_its_lock": ("component.CancelledCallsReturn", r"hangs: .*after others were cancelled|did not return within"),
    "ends_the_process": ("component.StartsWithinTheDeadline", r"ended the process with exit code 3, in start\(\)"),
    "throws_in_a_thread": ("component.StartsWithinTheDeadline", r"crashed with SIGABRT.*in start\(\)"),
    "loads_slowly": ("component.LoadsWithin100Milliseconds", r"takes \d+ ms at best, at most 100 ms.*static init"),
    "careless_options": ("component.DefaultsParse", r"the option `threads` refuses its own default `100`"),
    "eats_memory": ("component.StopsAfterWork", r"ran out of memory"),
    "stale_difference": ("records.SurvivesARestart", r"stale: .*an earlier version was a cache.*remove the declar"),
}
SANITIZED = b"sanitizer-none" not in (PLUGINS / "storage.memory.so").read_bytes()
# The allocator of a sanitizer neither counts nor fails as malloc does.
NEED_MALLOC = {"leaks_instances", "leaks_calls", "eats_memory"}


def verify(*arguments, **more):
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, **more)


def cases_of(*arguments):
    """The exit code and the results by name."""
    run = verify(*arguments, "--json")
    report = json.loads(run.stdout)
    return run.returncode, {f"{case['suite']}.{case['name']}": case for case in report["cases"]}, report


def bad(name):
    return BAD / f"bad.{name}.so"


def test_every_bad_plugin_is_in_the_table():
    sources = {path.stem for path in (TOP / "tests/verify/bad").glob("*.cpp")}
    assert sources - {"nothing", "no_facet"} == set(FAULTS)
    for path in (TOP / "tests/verify/bad").glob("*.cpp"):
        assert len(path.read_text().splitlines()) <= 45, path


@pytest.mark.parametrize("name", sorted(set(FAULTS) - (NEED_MALLOC if SANITIZED else set())))
def test_a_fault_is_named(name):
    case, message = FAULTS[name]
    quick = name in ("hangs_in_start", "hangs_in_stop", "keeps_its_lock")
    code, cases, _ = cases_of(bad(name), "--only", case, "--timeout", "6s" if quick else "60s", "--memory",
                              "none" if SANITIZED else "1GiB")
    failed = {full: found for full, found in cases.items() if found["result"] == "failed"}
    assert code == FAILED
    reasons = "\n".join(found["reason"] for full, found in failed.items()
                        if full == case or full.startswith(case.rstrip("*")))
    assert re.search(message, reasons, re.DOTALL), cases
    if "*" not in case:
        assert set(failed) == {case}


def test_what_they_derive_from_is_good():
    code, cases, report = cases_of(bad("nothing"))
    assert [case for case in cases.values() if case["result"] != "passed"] == []
    assert code == PASSED and report["failed"] == 0 and report["passed"] == len(cases) > 50


def test_a_crash_in_one_case_is_the_end_of_that_case_only():
    code, cases, _ = cases_of(bad("crashes_unstarted"), "--only", "component.*")
    assert code == FAILED
    assert cases["component.DestroyedUnstarted"]["result"] == "failed"
    assert cases["component.StopsAfterWork"]["result"] == "passed"


def test_what_a_crashed_process_wrote_is_shown():
    _, cases, _ = cases_of(bad("throws_in_a_thread"), "--only", "component.StartsWithinTheDeadline")
    assert "the connection was closed" in cases["component.StartsWithinTheDeadline"]["output"]


def test_a_plugin_without_a_known_facet_says_so():
    run = verify(bad("no_facet"))
    assert run.returncode == PASSED, run.stdout
    assert "it offers no facet that this program knows" in run.stdout
    assert "records." not in run.stdout and "- component.CancelledCallsReturn: skipped: no facet" in run.stdout


TREE = sorted(path.stem for path in PLUGINS.glob("*.so"))
SUITE_OF = {"storage.memory": {"records", "blobs"}, "storage.rocksdb": {"records", "blobs"},
            "storage.sqlite": {"records", "blobs"}, "storage.lmdb": {"records", "blobs"},
            "cipher.fernet": {"cipher", "envelope"}, "chain.local": {"ledger"}, "keeper.owner": {"keeper"},
            "transport.loopback": {"transport"}, "transport.tls": {"transport"}}


def test_the_plugins_with_suites_are_there():
    assert set(SUITE_OF) <= set(TREE)


@pytest.mark.parametrize("name", TREE)
def test_the_plugins_of_the_tree_pass(name):
    # Services and APIs have no suite yet, and all their cases take long for the keys that each makes.
    some = [] if name in SUITE_OF else ["--only", "component.S*"]
    mounted = [TOP / "examples/python/store.yaml"] if name == "python" else []  # without it, it is nothing yet
    code, cases, _ = cases_of(PLUGINS / f"{name}.so", *mounted, "--timeout", "240s", *some)
    wrong = {full: case["reason"] + case["output"] for full, case in cases.items() if case["result"] == "failed"}
    assert wrong == {} and code == PASSED
    suites = {case["suite"] for case in cases.values()}
    assert suites - {"plugin", "component"} >= SUITE_OF.get(name, set())
    assert all(case["reason"] for case in cases.values() if case["result"] == "skipped")


def test_a_declared_difference_is_a_skip_with_its_reason():
    run = verify(PLUGINS / "storage.memory.so", "--only", "SurvivesARestart")
    assert run.returncode == PASSED
    assert "- records.SurvivesARestart: skipped: everything is in memory" in run.stdout
    assert "2 skipped" in run.stdout


def config(folder, more="", plugin="bad.nothing", section=""):
    file = folder / "mine.yaml"
    main = f'{{plugin: {plugin}, path: "${{node.data}}/log"{more}}}'
    file.write_text(f"node: {{name: mine}}\nstorage:\n  main: {main}\n{section}")
    return file


def differences(*names):
    return "verify:\n  differences:\n" + "".join(f"    {name}: it is like that\n" for name in names)


def test_a_configuration_declares_differences(tmp_path):
    file = config(tmp_path, plugin="bad.forgets", section=differences("records.SurvivesARestart"))
    code, cases, _ = cases_of(bad("forgets"), file, "--only", "records.SurvivesARestart")
    assert code == PASSED
    assert cases["records.SurvivesARestart"]["result"] == "skipped"
    assert cases["records.SurvivesARestart"]["reason"] == "it is like that"


def test_no_declaration_excuses_a_crash(tmp_path):
    file = config(tmp_path, plugin="bad.crashes_in_get", section=differences("component.StopsAfterWork"))
    code, cases, _ = cases_of(bad("crashes_in_get"), file, "--only", "component.StopsAfterWork")
    assert code == FAILED and "SIGSEGV" in cases["component.StopsAfterWork"]["reason"]


def test_an_eleventh_difference_is_an_error(tmp_path):
    names = [name for name in verify(bad("nothing"), "--list").stdout.splitlines() if name.startswith("records.")]
    for count, result in ((10, "passed"), (11, "failed")):
        file = config(tmp_path, section=differences(*names[:count]))
        _, cases, _ = cases_of(bad("nothing"), file, "--only", "component.DescriptorIsSane")
        assert cases["plugin.DifferencesAreSound"]["result"] == result
    reason = cases["plugin.DifferencesAreSound"]["reason"]
    assert "11 differences are declared for the suite records, at most 10" in reason


def test_a_difference_that_is_no_case(tmp_path):
    file = config(tmp_path, section=differences("records.SurvivesARestarts"))
    code, cases, _ = cases_of(bad("nothing"), file, "--only", "component.DescriptorIsSane")
    assert code == FAILED
    assert "did you mean `records.SurvivesARestart`?" in cases["plugin.DifferencesAreSound"]["reason"]


def test_a_configuration_with_a_mistake_says_where(tmp_path):
    file = config(tmp_path, more=", colour: red")
    code, cases, _ = cases_of(bad("nothing"), file)
    assert code == FAILED
    assert f"{file}:3:" in cases["plugin.CanBeConfigured"]["reason"]
    assert "unknown option `colour`" in cases["plugin.CanBeConfigured"]["reason"]
    file = config(tmp_path, section="verify: {diffrences: {}}\n")
    _, cases, _ = cases_of(bad("nothing"), file)
    assert "mine.yaml:4:" in cases["plugin.CanBeConfigured"]["reason"]
    assert "did you mean `differences`?" in cases["plugin.CanBeConfigured"]["reason"]


def test_the_component_under_test_is_named_when_there_are_several(tmp_path):
    file = config(tmp_path)
    file.write_text(file.read_text() + "  other: {plugin: bad.nothing, path: \"${node.data}/other\"}\n")
    _, cases, _ = cases_of(bad("nothing"), file, "--only", "component.StopsTwice")
    assert "several components of bad.nothing" in cases["plugin.CanBeConfigured"]["reason"]
    file.write_text(file.read_text() + "verify: {component: other}\n")
    code, cases, _ = cases_of(bad("nothing"), file, "--only", "component.StopsTwice")
    assert code == PASSED, cases


def test_a_library_of_any_name(tmp_path):
    library = tmp_path / "libmine.so"
    library.write_bytes(bad("nothing").read_bytes())
    code, cases, _ = cases_of(library, "--only", "component.StopsTwice")
    assert code == PASSED and len(cases) == 3


@pytest.mark.parametrize("content, message", [(b"", "is not a shared library"), (b"\x7fELF", "is truncated"),
                                              (b"#!/bin/sh\n" * 100, "is not a shared library")])
def test_a_file_that_is_no_library(tmp_path, content, message):
    file = tmp_path / "x.so"
    file.write_bytes(content)
    code, cases, _ = cases_of(file)
    assert code == FAILED and message in cases["plugin.IsAPluginForThisBuild"]["reason"]


def test_no_file():
    code, cases, _ = cases_of("/nowhere/x.so")
    assert code == FAILED and "/nowhere/x.so" in cases["plugin.IsAPluginForThisBuild"]["reason"]


def test_tap_and_junit(tmp_path):
    junit = tmp_path / "report.xml"
    run = verify(bad("forgets"), "--only", "records.S*", "--tap", "--junit", junit)
    lines = run.stdout.splitlines()
    assert lines[0] == "TAP version 14"
    tests = [line for line in lines if re.match(r"(not )?ok \d+ - ", line)]
    assert lines[1] == f"1..{len(tests)}"
    assert [line for line in tests if line.startswith("not ok") and line.endswith("records.SurvivesARestart")]
    suite = xml.etree.ElementTree.parse(junit).getroot().find("testsuite")
    assert int(suite.get("tests")) == len(tests) and suite.get("failures") == "1"
    failure = suite.find("testcase[@name='SurvivesARestart']/failure")
    assert "lost at a restart" in failure.get("message")


def test_list_and_only():
    listed = verify(PLUGINS / "storage.memory.so", "--list")
    assert listed.returncode == PASSED
    assert "component.StopsTwice" in listed.stdout.splitlines()
    assert any(re.match(r"blobs.SurvivesARestart  # a declared difference: .*memory", line)
               for line in listed.stdout.splitlines())
    some = verify(PLUGINS / "storage.memory.so", "--list", "--only", "component.Stop*").stdout.split()
    assert some and all(name.startswith("component.Stop") for name in some)
    nothing = verify(PLUGINS / "storage.memory.so", "--only", "NoSuchCase")
    assert nothing.returncode == NOTHING and "no case matches `NoSuchCase`" in nothing.stderr


def test_the_seed_is_used():
    for seed in ("1", "77"):
        run = verify(PLUGINS / "storage.memory.so", "--only", "records.*Random*", "--seed", seed)
        assert run.returncode == PASSED and f"seed {seed}" in run.stdout


def test_the_printed_configuration_can_be_given(tmp_path):
    printed = verify(bad("nothing"), "--print-config")
    assert printed.returncode == PASSED and "plugin: bad.nothing" in printed.stdout
    file = tmp_path / "mine.yaml"
    file.write_text(printed.stdout)
    code, _, _ = cases_of(bad("nothing"), file, "--only", "component.StopsTwice")
    assert code == PASSED


@pytest.mark.parametrize("arguments, message", [(["--timeout", "5"], "--timeout"), (["--memory", "much"], "--memory"),
                                                (["--tap", "--json"], "--tap")])
def test_wrong_usage(arguments, message):
    run = verify(bad("nothing"), *arguments)
    assert run.returncode == NOTHING and message in run.stderr + run.stdout


def test_help_says_what_there_is():
    text = verify("--help").stdout
    for option in ("--only", "--list", "--tap", "--json", "--junit", "--timeout", "--memory", "--seed", "--jobs",
                   "--plugins", "--print-config", "differences", "Exit codes"):
        assert option in text
    for hidden in ("--mode", "--case ", "--scratch"):
        assert hidden not in text


def test_an_interrupt_ends_everything(tmp_path):
    environment = dict(os.environ, TMPDIR=str(tmp_path))
    command = [PROGRAM, bad("hangs_in_start"), "--only", "component.StartsWithinTheDeadline", "--timeout", "300s"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert "bad.hangs_in_start" in process.stdout.readline()
    until = time.monotonic() + 60
    while not list(tmp_path.glob("drawbridge-verify-*/0/output")) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
