# Looks for what the Python module needs, and sets DRAWBRIDGE_PYTHON_FOUND. Without it the rest is built all the same.
if(NOT SKBUILD AND NOT Python3_EXECUTABLE AND EXISTS /usr/bin/python3)
  set(Python3_EXECUTABLE /usr/bin/python3)  # the one that has the distribution's packages
endif()
set(PYBIND11_NOPYTHON ON)  # only its headers are used
find_package(Python3 3.11 QUIET COMPONENTS Interpreter Development.Module
             OPTIONAL_COMPONENTS Development.Embed)
find_package(pybind11 2.10 QUIET CONFIG)
set(DRAWBRIDGE_PYTHON_FOUND OFF)
if(Python3_FOUND AND pybind11_FOUND)
  set(DRAWBRIDGE_PYTHON_FOUND ON)
elseif(SKBUILD)
  message(FATAL_ERROR "the Python module needs Python's headers and pybind11 2.10 or newer")
else()
  message(WARNING "the Python module is not built: it needs python3-dev and pybind11-dev (deploy/setup.sh build)")
endif()
