// A JSON body and a query string bound to a struct.
#include <boost/describe/class.hpp>

#include "drawbridge/http/json.h"

namespace {

struct Leaf {
  std::int8_t small = 0;
  drawbridge::http::Default<bool> flag = false;
};
BOOST_DESCRIBE_STRUCT(Leaf, (), (small, flag))

struct Tree {
  std::string name;
  std::optional<drawbridge::Timestamp> when;
  std::optional<std::vector<Leaf>> leaves;
  std::optional<std::vector<Tree>> children;
  std::optional<drawbridge::Bytes> data;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (name, when, leaves, children, data))

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto tree = json_as<Tree>(text);
    const auto again = to_json(tree);
    if (to_json(json_as<Tree>(again)) != again) __builtin_trap();
  } catch (const drawbridge::Error&) {
    return 0;
  }
  return 0;
}
