#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "drawbridge/bytes.h"

namespace drawbridge::http {

/// The head of a request as views into the bytes that it was parsed from.
struct RequestHead {
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  std::string_view method;
  std::string_view path;  ///< Without the query, and without the authority of an absolute target.
  std::string_view query;
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool http11 = true;

  void clear();
  /// The first field of that name, in any case.
  std::optional<std::string_view> field(std::string_view name) const;
};

/// Why a head is refused: the status of the answer and the message. `status` 0: it is fine.
struct HeadError {
  int status = 0;
  const char* message = "";
};

bool same_name(std::string_view a, std::string_view b);

/// Parses requests: Boost.Beast's parser with what it leaves open decided strictly. Anything that two servers in a
/// row could read differently (RFC 9112 §11.2) is refused: both or several lengths, another transfer coding than
/// `chunked`, folded lines, a missing or second Host. One parser parses one request.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(RequestHead& head);

  /// `bytes` is one whole head with its empty line. A pure function of them; the head's views point into them.
  HeadError parse_head(std::string_view bytes);

  struct Decoded {
    std::size_t consumed = 0;
    std::size_t written = 0;
    bool done = false;
    bool malformed = false;
  };
  /// Decodes chunks from `in` to `out`, as much as there is of either. Nothing consumed and nothing written: more input
  /// is needed.
  Decoded decode(std::string_view in, MutableBytes out);

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  using field = boost::beast::http::field;
  using verb = boost::beast::http::verb;

  void on_request_impl(verb, string_view method, string_view target, int version, error_code&) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field id, string_view name, string_view value, error_code& error) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view body, error_code&) override;
  void on_finish_impl(error_code&) override {}

  void set_target(std::string_view target);
  HeadError check() const;

  RequestHead& head_;
  std::string_view source_;
  MutableBytes out_;
  std::size_t written_ = 0;
  int version_ = 0;
  int hosts_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
  bool only_chunked_ = true;
  bool folded_ = false;
  bool in_trailer_ = false;
};

}  // namespace drawbridge::http
