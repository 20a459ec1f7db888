#include "mark.h"

#include "drawbridge/error.h"

namespace drawbridge::mirror {
namespace {

constexpr std::string_view magic = "drawbridge.mirror/1\n";
constexpr std::size_t pair_bytes = 32;
constexpr std::size_t head_bytes = magic.size() + pair_bytes + 8 + 1 + 1;

[[noreturn]] void damaged() {
  throw Error(Code::corrupt, "a note of the mirror is damaged",
              "restore that storage, or give the mirror an empty one");
}

}  // namespace

Bytes Mark::encode() const {
  Bytes out = to_bytes(magic);
  append(out, pair);
  append_u64be(out, epoch);
  out.push_back(static_cast<std::uint8_t>(status));
  out.push_back(static_cast<std::uint8_t>(full));
  append(out, cursor);
  return out;
}

Mark Mark::decode(BytesView bytes) {
  if (bytes.size() < head_bytes || !text_view(bytes).starts_with(magic)) damaged();
  bytes = bytes.subspan(magic.size());
  Mark mark;
  mark.pair = to_text(bytes.first(pair_bytes));
  bytes = bytes.subspan(pair_bytes);
  mark.epoch = load_u64be(bytes);
  if (bytes[8] > 2 || bytes[9] > 2) damaged();
  mark.status = static_cast<Status>(bytes[8]);
  mark.full = static_cast<Full>(bytes[9]);
  mark.cursor = to_text(bytes.subspan(10));
  return mark;
}

Bytes encode_subjects(const std::vector<std::string>& subjects, std::size_t begin, std::size_t end) {
  Bytes out;
  for (auto at = begin; at < end; ++at) {
    append_u16be(out, static_cast<std::uint16_t>(subjects[at].size()));
    append(out, subjects[at]);
  }
  return out;
}

std::vector<std::string> decode_subjects(BytesView bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    if (bytes.size() < 2) damaged();
    const std::size_t size = load_u16be(bytes);
    bytes = bytes.subspan(2);
    if (size == 0 || bytes.size() < size || (bytes[0] != 'r' && bytes[0] != 'b')) damaged();
    out.push_back(to_text(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return out;
}

}  // namespace drawbridge::mirror
