#include "status.h"

namespace drawbridge::rocks {
namespace {

std::string context(const Settings& settings, std::string_view action) {
  return settings.who() + std::string(action) + ": ";
}

}  // namespace

Error to_error(const Settings& settings, std::string_view action, const rocksdb::Status& status) {
  const auto message = context(settings, action) + status.ToString();
  if (status.IsCorruption()) return storage::damage(settings, action, status.ToString());
  if (status.IsNoSpace()) return storage::disk_full(settings, action);
  if (status.IsIOError())
    return {Code::unavailable, message, "look at the disk of '" + settings.path + "', then restart the node"};
  if (status.IsInvalidArgument() || status.IsNotSupported()) return {Code::internal, message};
  return {Code::unavailable, message};
}

Error to_open_error(const Settings& settings, const rocksdb::Status& status) {
  const auto text = status.ToString();
  const auto what = context(settings, "open");
  if (status.IsIOError() && text.find("/LOCK") != std::string::npos) {
    return {Code::unavailable, what + "'" + settings.path + "' is in use by another program",
            "stop what reads that database, or give this storage another path"};
  }
  if (status.IsPathNotFound() || (status.IsIOError() && text.find("No such file") != std::string::npos)) {
    return storage::damage(settings, "open", "a file of the database is missing: " + text);
  }
  if (status.IsCorruption()) {
    const auto damaged = storage::damage(settings, "open", "the database is damaged: " + text);
    return {Code::corrupt, damaged.what(),
            damaged.hint() + "; if only its log is damaged, drop_damaged_log opens it without the damaged end"};
  }
  // RocksDB refuses a newer version's files and other software's databases this way.
  if (status.IsInvalidArgument()) return storage::foreign(settings, text);
  return to_error(settings, "open", status);
}

}  // namespace drawbridge::rocks
