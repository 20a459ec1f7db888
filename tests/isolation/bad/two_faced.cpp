// Two facets that nobody expects together.
#include "drawbridge/keyring.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge {
namespace {

class TwoFaced final : public Records, public Keyring {
 public:
  Task<std::optional<Bytes>> get(Key) override { co_return std::nullopt; }
  Task<Records::Page> scan(Key, Key, std::size_t) override { co_return Records::Page{}; }
  Task<> commit(Batch) override { co_return; }
  Bytes seal(std::string_view, const Secret&) const override { return {}; }
  Secret open(std::string_view, BytesView) const override { return {}; }
  std::uint32_t current_version() const override { return 0; }
  std::vector<KeyVersion> versions() const override { return {}; }
  Task<std::uint32_t> rotate() override { co_return 0; }
  Task<Rewrapped> rewrap(std::function<void(std::uint64_t, std::uint64_t)>) override { co_return Rewrapped{}; }
};

}  // namespace

DRAWBRIDGE_PLUGIN(TwoFaced, "test.two_faced", "1.0.0", "Is two things at once.")

}  // namespace drawbridge
