#include "kernel/cli/exit_codes.h"

#include <fmt/core.h>

#include <array>
#include <vector>

namespace drawbridge::cli {
namespace {

struct Row {
  int exit_code;
  std::vector<Code> codes;
  std::string_view meaning;
};

const std::array<Row, 11>& rows() {
  static const std::array<Row, 11> table{{
      {1, {Code::internal}, "a defect, here or in the node"},
      {2, {Code::invalid}, "the command line, a file or a value is wrong"},
      {3, {Code::not_found}, "no such asset, peer, file or plugin"},
      {4, {Code::forbidden, Code::unauthenticated}, "not allowed; a proof or a signature that does not hold"},
      {5, {Code::gone}, "expired or revoked"},
      {6, {Code::conflict}, "it is there already, or in use"},
      {7, {Code::unavailable, Code::busy}, "the node, a peer or a disk cannot serve now; try again"},
      {8, {Code::cannot_open, Code::corrupt}, "sealed data does not open; stored data is damaged or not verified"},
      {9, {Code::too_large}, "beyond a bound"},
      {10, {Code::payment_required}, "the policy asks for a payment"},
      {11, {Code::unsupported}, "this node does not do that"},
  }};
  return table;
}

}  // namespace

int exit_code(Code code) {
  for (const auto& row : rows()) {
    for (const auto candidate : row.codes) {
      if (candidate == code) return row.exit_code;
    }
  }
  return 1;
}

std::string exit_code_table() {
  std::string out = "Exit codes:\n   0  done\n";
  for (const auto& row : rows()) {
    std::string names;
    for (const auto code : row.codes) names += (names.empty() ? "" : ", ") + std::string(name(code));
    out += fmt::format("  {:>2}  {:<28}{}\n", row.exit_code, names, row.meaning);
  }
  return out;
}

}  // namespace drawbridge::cli
