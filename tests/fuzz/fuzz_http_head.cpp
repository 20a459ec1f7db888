// The head of a request and a chunked body behind it, as a client could send them.
#include <cstdlib>

#include "../../sdk/http/src/head.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto blank = bytes.find("\r\n\r\n");
  if (blank == std::string_view::npos) return 0;
  RequestHead head;
  RequestParser parser(head);
  if (parser.parse_head(bytes.substr(0, blank + 4)).status != 0) return 0;
  if (head.path.empty() || head.path.front() != '/' || head.chunked == head.content_length.has_value()) std::abort();
  if (!head.chunked) return 0;
  std::uint8_t out[32];
  auto rest = bytes.substr(blank + 4);
  for (;;) {
    const auto decoded = parser.decode(rest, out);
    if (decoded.consumed > rest.size() || decoded.written > sizeof out) std::abort();
    rest.remove_prefix(decoded.consumed);
    if (decoded.done || decoded.malformed || decoded.written == 0) return 0;
  }
}
