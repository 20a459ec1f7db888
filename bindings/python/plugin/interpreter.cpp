#include "interpreter.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "drawbridge/plugin.h"
#include "errors.h"

namespace drawbridge::python {
namespace {

namespace fs = std::filesystem;

/// The file that a symbol of this process comes from.
fs::path file_of(const void* symbol) {
  Dl_info found{};
  return ::dladdr(symbol, &found) != 0 && found.dli_fname != nullptr ? fs::path(found.dli_fname) : fs::path();
}

/// Extension modules of Python name no library: they expect its symbols in the process, and a plugin is loaded for
/// itself alone.
void share_symbols() {
  const auto library = file_of(reinterpret_cast<const void*>(&Py_InitializeFromConfig));
  if (::dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD) == nullptr) {
    throw Error(Code::unavailable, "Python's library " + library.string() + " cannot be used");
  }
}

/// The interpreter whose packages are used: DRAWBRIDGE_PYTHON (that of a virtual environment, say), else the one that
/// this was built for.
std::string program() {
  const char* given = std::getenv("DRAWBRIDGE_PYTHON");
  if (given != nullptr && *given != '\0') return given;
  std::error_code ignored;
  return fs::exists(DRAWBRIDGE_PYTHON_PROGRAM, ignored) ? DRAWBRIDGE_PYTHON_PROGRAM : "";
}

void start() {
  share_symbols();
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.install_signal_handlers = 0;
  config.parse_argv = 0;
  config.buffered_stdio = 1;
  const auto path = program();
  PyStatus status = path.empty() ? PyStatus_Ok() : PyConfig_SetBytesString(&config, &config.executable, path.c_str());
  if (PyStatus_Exception(status) == 0) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status) != 0) {
    throw Error(Code::unavailable,
                "Python cannot be started: " + std::string(status.err_msg == nullptr ? "" : status.err_msg),
                "set DRAWBRIDGE_PYTHON to the interpreter whose packages are to be used");
  }
  PyEval_SaveThread();  // the GIL is free; this thread's state stays for as long as the process
}

/// Where the package may be: DRAWBRIDGE_PYTHONPATH; beside the plugin folder, as it was built; around it, as a wheel
/// has it. Elsewhere Python finds it by itself.
std::vector<fs::path> package_folders() {
  std::vector<fs::path> folders;
  const char* given = std::getenv("DRAWBRIDGE_PYTHONPATH");
  if (given != nullptr && *given != '\0') folders.emplace_back(given);
  const auto plugins = fs::absolute(file_of(reinterpret_cast<const void*>(&package_folders))).parent_path();
  folders.push_back(plugins.parent_path() / "python");
  folders.push_back(plugins.parent_path().parent_path());
  return folders;
}

void add_package() {
  auto path = py::module_::import("sys").attr("path").cast<py::list>();
  std::error_code ignored;
  for (const auto& folder : package_folders()) {
    if (!fs::exists(folder / "drawbridge" / "_mount.py", ignored)) continue;
    path.insert(0, folder.string());
    return;
  }
}

void import_package() {
  const WithGil gil;
  if (!gil) throw Error(Code::unavailable, "the interpreter is ending");
  try {
    if (!py::module_::import("sys").attr("modules").contains("drawbridge")) add_package();
    const auto version = py::module_::import("drawbridge").attr("__version__").cast<std::string>();
    if (version != DRAWBRIDGE_VERSION) {
      throw Error(Code::unsupported,
                  "the Python package drawbridge is version " + version + ", this is " + DRAWBRIDGE_VERSION);
    }
    mount_function("load");
  } catch (const py::error_already_set& raised) {
    const auto type = py::str(raised.type().attr("__name__")).cast<std::string>();
    throw Error(Code::unavailable,
                "the Python package `drawbridge` cannot be imported: " + type + ": " +
                    py::str(raised.value()).cast<std::string>(),
                "install it for this interpreter, or set DRAWBRIDGE_PYTHONPATH to the folder that has drawbridge/");
  }
}

}  // namespace

void ensure_interpreter() {
  static std::mutex mutex;
  static bool ready = false;
  const std::lock_guard lock(mutex);
  if (ready) return;
  if (Py_IsInitialized() == 0) start();
  import_package();
  ready = true;
}

py::object mount_function(const char* name) {
  // Never freed: it is needed as long as the interpreter lives, and must not be touched when it is gone.
  static PyObject* const found = py::module_::import("drawbridge._mount").release().ptr();
  return py::handle(found).attr(name);
}

Error plugin_error(const py::error_already_set& raised, std::string* trace) {
  const auto value = raised.value();
  const auto known = py::module_::import("drawbridge.errors").attr("Error");
  if (py::isinstance(value, known)) return error_of(raised);
  try {
    if (const auto where = raised.trace()) PyException_SetTraceback(value.ptr(), where.ptr());
    const auto explained = mount_function("explain")(value).cast<py::tuple>();
    if (trace != nullptr) *trace = explained[1].cast<std::string>();
    return {Code::internal, explained[0].cast<std::string>()};
  } catch (const py::error_already_set&) {  // no memory, or no stack
    return {Code::internal, py::str(raised.type().attr("__name__")).cast<std::string>()};
  }
}

}  // namespace drawbridge::python
