#include "kernel/elf_section.h"

#include <elf.h>

#include <cstring>
#include <string>

#include "drawbridge/error.h"

namespace drawbridge::kernel {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Code::invalid, why);
}

/// `count` bytes from `offset`, in arithmetic that cannot overflow.
BytesView slice(BytesView file, std::uint64_t offset, std::uint64_t count) {
  if (offset > file.size() || count > file.size() - offset) refuse("is truncated");
  return file.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
}

/// A copy, for the file's bytes are not aligned.
template <class T>
T load(BytesView file, std::uint64_t offset) {
  T out;
  std::memcpy(&out, slice(file, offset, sizeof(T)).data(), sizeof(T));
  return out;
}

Elf64_Ehdr header_of(BytesView file) {
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) refuse("is not a shared library");
  const auto header = load<Elf64_Ehdr>(file, 0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    refuse("is not a shared library for a 64-bit little-endian machine");
  }
  if (header.e_type != ET_DYN) refuse("is an ELF file but not a shared library");
  if (header.e_shoff == 0) refuse("has no section table");
  if (header.e_shentsize != sizeof(Elf64_Shdr)) refuse("has a damaged section table");
  return header;
}

std::string_view name_at(BytesView names, std::uint32_t offset) {
  if (offset >= names.size()) refuse("has a damaged section table");
  const auto rest = text_view(names.subspan(offset));
  return rest.substr(0, rest.find('\0'));
}

}  // namespace

std::optional<BytesView> elf_section(BytesView file, std::string_view name) {
  const auto header = header_of(file);
  const auto section = [&](std::uint64_t index) {
    return load<Elf64_Shdr>(slice(file, header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr)),
                            index * sizeof(Elf64_Shdr));
  };
  if (header.e_shstrndx >= header.e_shnum) refuse("has a damaged section table");
  const auto name_section = section(header.e_shstrndx);
  if (name_section.sh_type == SHT_NOBITS) refuse("has a damaged section table");
  const auto names = slice(file, name_section.sh_offset, name_section.sh_size);
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto candidate = section(i);
    if (candidate.sh_type == SHT_NULL || candidate.sh_type == SHT_NOBITS) continue;
    if (name_at(names, candidate.sh_name) == name) return slice(file, candidate.sh_offset, candidate.sh_size);
  }
  return std::nullopt;
}

}  // namespace drawbridge::kernel
