#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

Failure::Failure(const std::string& what, SourceLocation where)
    : std::runtime_error(std::string(where.file) + ":" + std::to_string(where.line) + ": " + what) {}

Failure::~Failure() = default;

}  // namespace drawbridge::testkit
