#pragma once

#include <map>
#include <mutex>

#include "drawbridge/access.h"

namespace drawbridge::http::test {

/// API keys in plain, for tests.
class TestKeys final : public Access {
 public:
  void give(std::string key, std::string id, std::vector<std::string> scopes) {
    const std::lock_guard lock(mutex_);
    clients_[std::move(key)] = ApiClient{id, id, std::move(scopes), {}, {}};
  }
  void take(const std::string& key) {
    const std::lock_guard lock(mutex_);
    clients_.erase(key);
  }

  std::optional<ApiClient> check(std::string_view presented) const override {
    const std::lock_guard lock(mutex_);
    const auto found = clients_.find(std::string(presented));
    return found == clients_.end() ? std::nullopt : std::optional(found->second);
  }
  Task<Created> create(std::string, std::vector<std::string>, std::optional<Timestamp>) override {
    throw Error(Code::unsupported, "tests give keys");
    co_return Created{};
  }
  Task<bool> revoke(std::string) override { co_return false; }
  std::vector<ApiClient> list() const override { return {}; }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, ApiClient> clients_;
};

}  // namespace drawbridge::http::test
