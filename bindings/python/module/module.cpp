// The compiled part of the Python package `drawbridge`. What users see of it is written in Python, beside.
#include "module.h"

#include "drawbridge/plugin.h"

PYBIND11_MODULE(_drawbridge, module) {
  using namespace drawbridge::python;
  register_errors();
  register_buffers(module);
  register_owners(module);
  register_records(module);
  register_blobs(module);
  register_cipher(module);
  register_ledger(module);
  register_keeper(module);
  register_transport(module);
  register_identity(module);
  register_keyring(module);
  register_assets(module);
  module.attr("version") = DRAWBRIDGE_VERSION;
}
