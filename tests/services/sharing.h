#pragma once

#include <algorithm>

#include "fixture.h"

namespace drawbridge::test {

/// Content from a buffer, in uneven parts; it breaks off at `fail_at`.
class BufferSource final : public ByteSource {
 public:
  explicit BufferSource(Bytes content, std::size_t fail_at = SIZE_MAX)
      : content_(std::move(content)), fail_at_(fail_at) {}

  Task<std::size_t> read(MutableBytes out) override {
    was_read = true;
    if (at_ >= fail_at_) throw Error(Code::unavailable, "the upload broke off");
    const std::size_t count = std::min({out.size(), content_.size() - at_, std::size_t{70'001}});
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(at_), count, out.begin());
    at_ += count;
    co_return count;
  }

  bool was_read = false;

 private:
  Bytes content_;
  std::size_t at_ = 0;
  std::size_t fail_at_;
};

inline Shared share(TestNode& owner, const std::string& recipient, const Bytes& content,
                    std::optional<Timestamp> expires = {}, ContentInfo info = {"report.pdf", "application/pdf"}) {
  BufferSource source(content);
  return owner.wait(owner.assets()->share({recipient, std::move(info), expires}, source));
}

/// The whole content of an asset, read in steps.
inline Bytes open_all(TestNode& node, const std::string& asset, std::size_t step = 300'000) {
  const auto opened = node.wait(node.assets()->open(asset));
  Bytes out;
  Bytes part(step);
  while (const std::size_t got = node.wait(opened->read(out.size(), part))) append(out, BytesView(part).first(got));
  return out;
}

/// Whether an envelope is at a node.
inline bool stored(TestNode& node, const std::string& asset) {
  return node.backdoor()->blobs().contains(asset);
}

inline std::vector<std::string> event_types(TestNode& node, const std::string& asset) {
  std::vector<std::string> out;
  for (const auto& event : node.wait(node.ledger()->find(asset))) out.push_back(event.type);
  return out;
}

}  // namespace drawbridge::test
