#pragma once

#include <optional>
#include <string>

#include "drawbridge/access.h"
#include "drawbridge/host.h"
#include "drawbridge/http/router.h"
#include "head.h"

namespace drawbridge::http {

/// Where a Request's body comes from: its connection.
class BodyReader {
 public:
  virtual Task<std::size_t> read_body(MutableBytes out) = 0;

 protected:
  ~BodyReader() = default;
};

/// What a Request shows, reused by its connection from one to the next.
struct Exchange {
  Exchange(Host& its_host, BodyReader& its_body) : host(its_host), body(its_body) {}

  Host& host;
  BodyReader& body;
  std::uint64_t json_bytes = 0;
  RequestHead head;
  Router::Match match;
  std::string id;
  std::optional<ApiClient> client;
  std::string address;
};

}  // namespace drawbridge::http
