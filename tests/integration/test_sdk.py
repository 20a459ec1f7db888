"""The SDK as its users have it: installed elsewhere, found by CMake, with plugins built outside the tree."""

import os
import re
import shutil
import subprocess

import pytest
import requests

from nodes import BUILD, DRAWBRIDGE, TOP, free_ports

KINDS = ["storage", "keeper", "service", "api"]


def run(*command, ok=True, **more):
    """Runs a command with nothing of the build folder in its environment; returns what it printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, **more)
    if ok:
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def plugins(prefix, tmp_path_factory):
    """Plugins of every kind, made by `drawbridge plugin new` and built in one go against the installed SDK."""
    folder = tmp_path_factory.mktemp("mine")
    lines = ["cmake_minimum_required(VERSION 3.25)", "project(mine LANGUAGES CXX)",
             "set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)",
             "add_compile_options(-Wall -Wextra -Werror)"]
    for kind in KINDS:
        run(prefix / "bin/drawbridge", "plugin", "new", "my_own", "--kind", kind, cwd=folder)
        lines.append(f"add_subdirectory({kind}-my_own)")
    (folder / "CMakeLists.txt").write_text("\n".join(lines) + "\n")
    run("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_CXX_COMPILER_LAUNCHER=" + (shutil.which("ccache") or ""))
    run("cmake", "--build", folder / "build")
    return folder / "build/plugins"


def test_the_installed_program_runs_by_itself(prefix):
    listed = run(prefix / "bin/drawbridge", "describe", cwd="/", env={"PATH": "/usr/bin:/bin"}).stdout
    assert "storage.rocksdb" in listed and "api.external" in listed
    assert "cannot be loaded" not in listed


def test_plugins_of_every_kind_build_and_load(prefix, plugins):
    environment = dict(os.environ, DRAWBRIDGE_PLUGINS=f"{plugins}:{prefix}/lib/drawbridge/plugins")
    for kind in KINDS:
        text = run(prefix / "bin/drawbridge", "describe", f"{kind}.my_own", env=environment).stdout
        assert text.startswith(f"{kind}.my_own 0.1.0"), text


@pytest.mark.parametrize("kind", KINDS)
def test_plugins_conform(prefix, plugins, kind):
    run(prefix / "bin/drawbridge-verify", plugins / f"{kind}.my_own.so")


def test_a_running_node_takes_on_plugins_from_outside(plugins, make_node, monkeypatch):
    monkeypatch.setenv("DRAWBRIDGE_PLUGINS", f"{plugins}:{BUILD}/plugins")
    node = make_node("alice").start()
    port, = free_ports(1)
    node.edit("storage:\n", f"storage:\n  mine: {{plugin: storage.my_own, path: {node.home}/mine.records}}\n")
    node.edit("apis:\n", f"apis:\n  notes: {{plugin: api.my_own, records: mine, listen: \"127.0.0.1:{port}\"}}\n")
    node.cli("check")
    assert sorted(node.cli("reload")["added"]) == ["mine", "notes"]
    url, key = f"http://127.0.0.1:{port}/notes/today", {"X-API-Key": node.key}
    assert requests.get(url, timeout=10).status_code == 401
    assert requests.put(url, json={"txt": "x"}, headers=key, timeout=10).status_code == 422
    assert requests.put(url, json={"text": "it rains"}, headers=key, timeout=10).status_code == 200
    node.stop()
    node.start()
    assert requests.get(url, headers=key, timeout=10).json() == {"text": "it rains"}


def test_a_plugin_for_another_sdk_is_refused(prefix, plugins, tmp_path):
    library = tmp_path / "storage.my_own.so"
    content = (plugins / library.name).read_bytes()
    assert b" sdk-" in content
    library.write_bytes(content.replace(b" boost-1_", b" boost-0_"))
    environment = dict(os.environ, DRAWBRIDGE_PLUGINS=str(tmp_path))
    refused = run(prefix / "bin/drawbridge", "describe", "storage.my_own", env=environment, ok=False)
    assert refused.returncode != 0
    assert "boost-0_" in refused.stderr and "boost-1_" in refused.stderr


def test_the_debian_packages_hold_a_node_and_the_sdk(tmp_path):
    run("cpack", "-B", tmp_path / "packages", cwd=BUILD)
    for package in (tmp_path / "packages").glob("*.deb"):
        run("dpkg-deb", "-x", package, tmp_path / "root")
    listed = run(tmp_path / "root/usr/bin/drawbridge", "describe", env={"PATH": "/usr/bin:/bin"}).stdout
    assert "storage.rocksdb" in listed and "cannot be loaded" not in listed
    for name in ("bin/drawbridge-verify", "include/drawbridge/plugin.h",
                 "lib/cmake/DrawbridgeSdk/DrawbridgeSdkConfig.cmake", "lib/systemd/system/drawbridge@.service",
                 "share/drawbridge/templates/storage/CMakeLists.txt"):
        assert (tmp_path / "root/usr" / name).exists(), name


@pytest.mark.parametrize("arguments, message", [
    (["my-own"], "cannot name a plugin"),
    (["9lives"], "cannot name a plugin"),
    (["mine", "--kind", "storrage"], "did you mean `storage`"),
    (["mine", "--kind", "chain"], "the kinds are api, keeper, service, storage"),
])
def test_plugin_new_refuses(tmp_path, arguments, message):
    refused = run(DRAWBRIDGE, "plugin", "new", *arguments, cwd=tmp_path, ok=False)
    assert refused.returncode != 0 and message in refused.stderr
    assert not list(tmp_path.iterdir())


def test_plugin_new_leaves_what_exists_alone(tmp_path):
    (tmp_path / "storage-mine").mkdir()
    (tmp_path / "storage-mine/notes.txt").write_text("mine")
    refused = run(DRAWBRIDGE, "plugin", "new", "mine", cwd=tmp_path, ok=False)
    assert refused.returncode != 0 and "exists already" in refused.stderr
    assert [path.name for path in (tmp_path / "storage-mine").iterdir()] == ["notes.txt"]


def test_the_option_reference_is_current():
    """docs/plugins/options.md is what the plugins say of themselves; `make docs` writes it."""
    made = run(DRAWBRIDGE, "describe", "--all", "--markdown").stdout
    told = (TOP / "docs/plugins/options.md").read_text()
    if "## `python`" not in made:  # built where there is no Python
        told = re.sub(r"## `python`.*?(?=^## |\Z)", "", told, flags=re.S | re.M)
    assert told.endswith(made)


def test_the_example_is_short():
    for source in [*TOP.glob("examples/plugin-cpp/*.cpp"), *TOP.glob("examples/templates/*/*.cpp")]:
        assert len(source.read_text().splitlines()) < 100, source
