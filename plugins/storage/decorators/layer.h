#pragma once

#include <memory>
#include <mutex>
#include <random>

#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/storage.h"

namespace drawbridge::decorators {

/// A storage that hands every call to another one. What derives from it gets a word before and after each call, and
/// sees what was read; with the defaults here it changes nothing.
class Layer : public Records, public Blobs, public std::enable_shared_from_this<Layer> {
 public:
  enum class Call { read, write };
  enum class What { record, blob };

  void options(Options& o) override;
  Task<> start(Host& host) override;

  Task<std::optional<Bytes>> get(Key key) override;
  Task<Records::Page> scan(Key prefix, Key after, std::size_t limit) override;
  Task<> commit(Batch batch) override;
  Task<std::unique_ptr<BlobWriter>> create() override;
  Task<std::optional<BlobInfo>> stat(std::string id) override;
  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override;
  Task<bool> erase(std::string id) override;
  Task<Blobs::Page> list(std::string after, std::size_t limit) override;

 protected:
  /// Before the call reaches the storage below. What it throws is the call's end.
  virtual Task<> before(Call call);
  /// After it has succeeded there.
  virtual Task<> after(Call call);
  /// A value or a part of a blob that was read.
  virtual void alter(What what, MutableBytes bytes);

  Host& host() const { return *host_; }

 private:
  class Writer;

  Ref<Records> over_;
  Blobs* blobs_ = nullptr;
  Host* host_ = nullptr;
};

/// Chances that repeat with their seed. Thread-safe.
class Dice {
 public:
  static constexpr std::uint32_t million = 1'000'000;

  /// A seed of 0 is replaced by one from the host.
  void start(std::uint64_t seed, Random& random);
  /// True `per_million` times in a million; costs nothing at 0.
  bool roll(std::uint32_t per_million);
  /// From 0 to `bound` - 1.
  std::uint64_t below(std::uint64_t bound);

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace drawbridge::decorators
