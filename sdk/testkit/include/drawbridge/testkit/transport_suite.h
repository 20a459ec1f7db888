#pragma once

#include <string>

#include "drawbridge/testkit/suite.h"
#include "drawbridge/transport.h"

namespace drawbridge::testkit {

/// Two started nodes' transports that know each other and serve nothing yet.
struct TransportPair {
  Transport& a;
  std::string a_id;
  Transport& b;
  std::string b_id;
};

/// What every Transport must do. Each case wants a fresh pair.
DRAWBRIDGE_API Suite<TransportPair> transport_suite();

}  // namespace drawbridge::testkit
