#pragma once

#include <map>
#include <mutex>
#include <string>

#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "drawbridge/records.h"

namespace drawbridge::good {

/// A storage in one file that keeps every promise of Records: what the bad ones derive from, to break one each.
class GoodRecords : public Records {
 public:
  void options(Options& o) override;
  Task<> start(Host& host) override;
  Task<> stop() override;
  Task<std::optional<Bytes>> get(Key key) override;
  Task<Page> scan(Key prefix, Key after, std::size_t limit) override;
  Task<> commit(Batch batch) override;

 protected:
  Host& host() { return *host_; }
  const std::string& path() const { return path_; }

 private:
  void read_log();
  void apply(const Batch& batch);

  std::string path_;
  Host* host_ = nullptr;
  std::mutex mutex_;
  std::map<Key, Bytes> records_;
  int log_ = -1;
};

}  // namespace drawbridge::good
