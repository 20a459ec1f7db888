#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drawbridge/bytes.h"

namespace drawbridge {

/// An engine without a plugin around it, used as its own documentation shows it. Thread-safe; ends the process when
/// something fails.
class BareEngine {
 public:
  virtual ~BareEngine() = default;
  virtual std::string get(const std::string& key) = 0;
  /// On the disk when it returns.
  virtual void put(const std::string& key, BytesView value) = 0;
  virtual void fill(const std::vector<std::string>& keys, BytesView value) = 0;
};

using OpenBare = std::function<std::unique_ptr<BareEngine>(const std::filesystem::path& folder)>;

/// By the name that their plugins have behind "storage.".
const std::map<std::string, OpenBare>& bare_engines();

}  // namespace drawbridge
