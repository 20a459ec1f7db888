"""The rules of the tree: who may include and link whom, what no file may say, and that what is named exists.

The rules are data, at the top. Every test collects all that is wrong and prints it as file:line.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("DRAWBRIDGE_BUILD", TOP / "build"))

CRYPTO = r"openssl/|cryptopp/|crypto\+\+/"
DATABASE = r"rocksdb/|sqlite3|lmdb"
HTTP = r"boost/beast|drawbridge/http"

# (who, which files, includes that they may not have). Paths are relative to the repository.
INCLUDE_RULES = [
    ("a plugin includes neither the kernel nor a plugin nor the testkit", r"plugins/.*\.(h|cpp)",
     r"kernel/|plugins/|drawbridge/testkit/|\.\./"),
    ("the sdk includes neither the kernel nor a plugin", r"sdk/.*\.(h|cpp)",
     r"kernel/|plugins/|(\.\./)+(kernel|plugins)"),
    ("the kernel knows no crypto, no database, no HTTP", r"kernel/(?!cli/).*\.(h|cpp)",
     f"{CRYPTO}|{DATABASE}|{HTTP}|plugins/"),
    ("the command line includes no plugin and no database", r"kernel/cli/.*\.(h|cpp)", f"{DATABASE}|plugins/"),
    ("the bindings include no plugin, no crypto, no database, no HTTP",  # but for the server of APIs in Python
     r"bindings/(?!python/plugin/api\.cpp).*\.(h|cpp)", f"{CRYPTO}|{DATABASE}|{HTTP}|plugins/"),
    ("public headers show no library but Boost and fmt", r"sdk/(.*/)?include/.*\.h",
     f"{CRYPTO}|{DATABASE}|yaml-cpp/|spdlog/"),
]

# (who, which CMakeLists.txt, words that its commands may not have).
LINK_RULES = [
    ("a plugin links neither the kernel nor a plugin nor the testkit", r"plugins/.+/CMakeLists\.txt",
     r"(?s:target_link_libraries|LIBS)[^)]*\bplugin_\w+|drawbridge(::|-)(kernel|testkit)\b"),
    ("the bindings link no plugin", r"bindings/.*CMakeLists\.txt", r"target_link_libraries[^)]*\bplugin_\w+"),
    ("the sdk links neither the kernel nor a plugin", r"sdk/CMakeLists\.txt", r"\bplugin_\w+|drawbridge(::|-)kernel\b"),
]
KERNEL_LINKS = (r"drawbridge-kernel",
                r"OpenSSL::|[Cc]rypto(pp|\+\+)|[Rr]ocks[Dd][Bb]|drawbridge(::|-)http|\bplugin_\w+")

SOURCE = r".*\.(h|cpp|py|sh|cmake)|.*CMakeLists\.txt|Makefile|\.ci/run"
BANNED_WORDS = [
    # (what, where it is looked for, where it is allowed)
    (r"\bTODO\b", r".*", None),
    (r"\bFIXME\b", r".*", None),
    (r"\bXXX\b", r".*", None),
    (r"/work/", r".*", None),
    (r"\.\./shared", r".*", r"\.ci/run"),
    (r"\bDISABLED_", r".*\.cpp", None),
    (r"GTEST_SKIP|pytest\.skip|mark\.skip|mark\.xfail", r".*\.(cpp|h|py)", None),
    (r"catch \(\.\.\.\) *\{ *\}", r".*\.(cpp|h)", None),
    (r"using namespace std;", r".*\.(cpp|h)", None),
]
PLUGIN_ID = r"(?:storage|cipher|transport|chain|keeper|service|api)\."
NOT_SEARCHED = {"tests/tree/test_tree.py", "LICENSE"}
LINES_MAX = 500
COLUMNS_MAX = 120


def tree_files():
    command = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=TOP, capture_output=True, check=True)
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return {name: TOP / name for name in names if (TOP / name).is_file()}


FILES = tree_files()


def lines_of(pattern):
    """(file, number, line) for every line of the tree's text files whose path matches."""
    for name, path in FILES.items():
        if re.fullmatch(pattern, name):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                yield name, number, line


def report(wrong):
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("rule, where, banned", INCLUDE_RULES, ids=[r[0] for r in INCLUDE_RULES])
def test_includes(rule, where, banned):
    wrong, seen = [], 0
    for name, number, line in lines_of(where):
        include = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        seen += include is not None
        if include and re.match(banned, include[1]):
            wrong.append(f"{name}:{number}: {rule}: {include[1]}")
    assert seen, f"no include was looked at: is {where} still right?"
    report(wrong)


def test_quoted_includes_stay_at_home():
    """A quoted include of a plugin is a public header of the sdk or a file of its own folder."""
    public = [TOP / "sdk/include", TOP / "sdk/http/include", TOP / "sdk/storage/include"]
    wrong = []
    for name, number, line in lines_of(r"plugins/.*\.(h|cpp)"):
        include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if include and not any((folder / include[1]).is_file() for folder in public + [(TOP / name).parent]):
            wrong.append(f"{name}:{number}: neither a header of the sdk nor a file beside it: {include[1]}")
    report(wrong)


@pytest.mark.parametrize("rule, where, banned", LINK_RULES, ids=[r[0] for r in LINK_RULES])
def test_links(rule, where, banned):
    wrong, seen = [], 0
    for name, number, line in lines_of(where):
        seen += 1
        found = re.search(banned, line.split("#")[0])
        if found:
            wrong.append(f"{name}:{number}: {rule}: {found[0]}")
    assert seen, f"no line was looked at: is {where} still right?"
    report(wrong)


def test_kernel_links():
    target, banned = KERNEL_LINKS
    name = "kernel/CMakeLists.txt"
    text = (TOP / name).read_text()
    commands = list(re.finditer(rf"target_link_libraries\(\s*{target}\b[^)]*\)", text))
    assert commands, f"{name}: no target_link_libraries({target} …)"
    wrong = []
    for command in commands:
        for found in re.finditer(banned, command[0]):
            number = text.count("\n", 0, command.start() + found.start()) + 1
            wrong.append(f"{name}:{number}: the kernel links {found[0]}")
    report(wrong)


def test_a_plugin_library_needs_no_other():
    """What the linker made of it: no plugin needs the kernel's library or another plugin's."""
    libraries = sorted((BUILD / "plugins").glob("*.so"))
    assert libraries, f"no plugins in {BUILD / 'plugins'}: run 'make build'"
    wrong = []
    for library in libraries:
        dynamic = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
        for needed in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
            if "drawbridge-kernel" in needed or re.match(PLUGIN_ID, needed):
                wrong.append(f"{library}: needs {needed}")
    report(wrong)


@pytest.mark.parametrize("word, where, allowed", BANNED_WORDS, ids=[w[0] for w in BANNED_WORDS])
def test_banned_words(word, where, allowed):
    wrong = []
    for name, number, line in lines_of(where):
        if name not in NOT_SEARCHED and not (allowed and re.fullmatch(allowed, name)) and re.search(word, line):
            wrong.append(f"{name}:{number}: {line.strip()[:100]}")
    report(wrong)


def test_sizes():
    wrong, lengths = [], {}
    for name, number, line in lines_of(SOURCE):
        lengths[name] = number
        if len(line) > COLUMNS_MAX:
            wrong.append(f"{name}:{number}: {len(line)} columns, at most {COLUMNS_MAX}")
        if line != line.rstrip():
            wrong.append(f"{name}:{number}: white space at the end of the line")
    wrong += [f"{name}:{length}: {length} lines, at most {LINES_MAX}"
              for name, length in lengths.items() if length > LINES_MAX]
    report(wrong)


def test_headers_have_a_guard():
    report([f"{name}:1: does not begin with #pragma once" for name, path in FILES.items()
            if name.endswith(".h") and not path.read_text().startswith("#pragma once\n")])


def test_every_plugin_is_listed():
    """Each id that a CMakeLists.txt builds is in the README's table, and the sources beside it have the same id."""
    readme = (TOP / "README.md").read_text()
    wrong, ids = [], set()
    for name, number, line in lines_of(r"plugins/.+/CMakeLists\.txt"):
        made = re.search(r"drawbridge_add_plugin\(\s*([\w.]+)", line)
        if not made:
            continue
        ids.add(made[1])
        if f"`{made[1]}`" not in readme:
            wrong.append(f"{name}:{number}: README.md does not list `{made[1]}`")
        sources = "".join(path.read_text() for path in (TOP / name).parent.glob("*.cpp"))
        if not re.search(rf'DRAWBRIDGE_PLUGIN\(\s*[\w:]+,\s*"{re.escape(made[1])}"', sources):
            wrong.append(f"{name}:{number}: no DRAWBRIDGE_PLUGIN with the id {made[1]} beside it")
    for number, line in enumerate(readme.splitlines(), 1):
        for listed in re.findall(rf"^\| `({PLUGIN_ID}\w+)` \|", line):
            if listed not in ids:
                wrong.append(f"README.md:{number}: lists `{listed}`, which nothing builds")
    assert ids, "no plugin was found"
    report(wrong)


def test_named_pages_exist():
    """Pages that code or prose names, and relative links of Markdown files."""
    wrong = []
    for name, number, line in lines_of(r".*\.(h|cpp|py|sh|md|yaml|cmake|txt)"):
        for page in re.findall(r"docs/[\w/-]+\.md", line):
            if not (TOP / page).is_file():
                wrong.append(f"{name}:{number}: there is no {page}")
        if name.endswith(".md"):
            for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", line):
                if not ((TOP / name).parent / link).exists():
                    wrong.append(f"{name}:{number}: broken link to {link}")
    report(sorted(set(wrong)))


CONFIGS = sorted(name for name in FILES if re.fullmatch(r"config/.*\.yaml", name))


@pytest.mark.parametrize("name", CONFIGS)
def test_config_checks(name, tmp_path):
    """Each ready-to-run configuration passes `drawbridge check`, given the secret files that it names."""
    copy = shutil.copy(TOP / name, tmp_path)
    config = yaml.safe_load((TOP / name).read_text())
    for section in config.values():
        for component in section.values():
            for option, value in component.items() if isinstance(component, dict) else []:
                if option == "password_file":
                    secret = tmp_path / value.replace("${node.data}", config["node"]["data"])
                    secret.parent.mkdir(parents=True, exist_ok=True)
                    secret.write_text("a password for this test\n")
                    secret.chmod(0o600)
    checked = subprocess.run([BUILD / "bin/drawbridge", "check", copy], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, f"\n{name}:1: drawbridge check says:\n{checked.stdout}{checked.stderr}"


def test_there_are_configs():
    assert {"config/alice.yaml", "config/bob.yaml", "config/minimal.yaml"} <= set(CONFIGS)


def test_scripts_are_executable_and_clean():
    wrong = []
    for name, path in FILES.items():
        if path.read_bytes()[:2] != b"#!":
            continue
        if not os.access(path, os.X_OK):
            wrong.append(f"{name}:1: has a #! line but is not executable")
        if "bash" in path.read_text().splitlines()[0]:
            parsed = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
            if parsed.returncode:
                wrong.append(f"{name}: {parsed.stderr.strip()}")
    report(wrong)
