"""One exception class for each code."""

import pickle
import re

import pytest

import drawbridge
from conftest import TOP
from drawbridge import errors


def codes():
    header = (TOP / "sdk/include/drawbridge/error.h").read_text()
    listed = re.search(r"enum class Code \{(.*?)\};", header, re.S)[1]
    return re.findall(r"^\s+(\w+),", listed, re.M)


def test_a_class_for_each_code():
    assert list(errors.BY_CODE) == codes()
    for code, kind in errors.BY_CODE.items():
        assert kind.code == code and issubclass(kind, drawbridge.Error) and kind.__doc__
        assert kind.__name__ == code.title().replace("_", "") and getattr(drawbridge, kind.__name__) is kind


def test_bases():
    assert issubclass(drawbridge.MissingKey, (KeyError,)) and issubclass(drawbridge.MissingKey, drawbridge.NotFound)
    assert issubclass(drawbridge.Invalid, ValueError)
    assert not issubclass(drawbridge.NotFound, KeyError)


def test_message_hint_and_code(tmp_path):
    with pytest.raises(drawbridge.NotFound) as raised:
        drawbridge.component("storage.none")
    error = raised.value
    assert error.code == "not_found" and "storage.none" in error.message
    assert "searched for" in error.hint and error.hint in str(error)


def test_errors_travel():
    for kind in errors.BY_CODE.values():
        copy = pickle.loads(pickle.dumps(kind("what", hint="do this")))
        assert type(copy) is kind and (copy.message, copy.hint) == ("what", "do this")


def test_a_broken_configuration_tells_all(tmp_path):
    file = tmp_path / "node.yaml"
    file.write_text("node: {name: x, dta: ./d}\nstorage:\n  main: {plugin: storage.memori}\n")
    with pytest.raises(drawbridge.Invalid) as raised:
        drawbridge.Node(file).start()
    assert "node.yaml:1:" in str(raised.value) and "node.yaml:3:" in str(raised.value)
    with pytest.raises(drawbridge.NotFound):
        drawbridge.Node(tmp_path / "none.yaml").start()
