#pragma once

#include <optional>
#include <string_view>

#include "drawbridge/bytes.h"

namespace drawbridge::kernel {

/// The content of a section of a 64-bit little-endian ELF shared library, by name; nothing when the library has no such
/// section. A view into `file`. Throws Error{invalid} that says why for whatever is not a sound ELF file: `file` is
/// foreign, and every offset in it is checked before it is followed.
DRAWBRIDGE_API std::optional<BytesView> elf_section(BytesView file, std::string_view name);

}  // namespace drawbridge::kernel
