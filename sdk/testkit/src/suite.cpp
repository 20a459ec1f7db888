#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

Failure::Failure(const std::string& what, std::source_location where)
    : std::runtime_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + what) {}

Failure::~Failure() = default;

}  // namespace drawbridge::testkit
