#include "status.h"

#include <cerrno>
#include <cstring>

namespace drawbridge::rocks {
namespace {

std::string context(const Settings& settings, std::string_view action) {
  return "storage '" + settings.name + "': " + std::string(action) + ": ";
}

std::string restore_hint(const Settings& settings) {
  return "stop the node and restore '" + settings.path + "' from a backup";
}

Error disk_full(const Settings& settings, std::string_view action) {
  return {Code::unavailable, context(settings, action) + "disk full",
          "free space on the disk of '" + settings.path + "'; writing goes on by itself"};
}

}  // namespace

Error to_error(const Settings& settings, std::string_view action, const rocksdb::Status& status) {
  const auto message = context(settings, action) + status.ToString();
  if (status.IsCorruption()) return {Code::corrupt, message, restore_hint(settings)};
  if (status.IsNoSpace()) return disk_full(settings, action);
  if (status.IsIOError())
    return {Code::unavailable, message, "look at the disk of '" + settings.path + "', then restart the node"};
  if (status.IsInvalidArgument() || status.IsNotSupported()) return {Code::internal, message};
  return {Code::unavailable, message};
}

Error to_open_error(const Settings& settings, const rocksdb::Status& status) {
  const auto text = status.ToString();
  const auto what = context(settings, "open");
  if (status.IsIOError() && text.find("/LOCK") != std::string::npos) {
    return {Code::unavailable,
            what + "'" + settings.path + "' is in use by another process, or by another component of this one",
            "stop the other node, or give this storage another path"};
  }
  if (status.IsPathNotFound() || (status.IsIOError() && text.find("No such file") != std::string::npos)) {
    return {Code::corrupt, what + "a file of the database is missing: " + text, restore_hint(settings)};
  }
  if (status.IsCorruption()) {
    return {Code::corrupt, what + "the database is damaged: " + text,
            restore_hint(settings) + "; if only its log is damaged, drop_damaged_log opens it without the damaged end"};
  }
  // RocksDB refuses a newer version's files and other software's databases this way.
  if (status.IsInvalidArgument())
    return {Code::unsupported, what + "'" + settings.path + "' holds another kind of database: " + text};
  return to_error(settings, "open", status);
}

Error to_file_error(const Settings& settings, std::string_view action, int error) {
  if (error == ENOSPC || error == EDQUOT) return disk_full(settings, action);
  return {Code::unavailable, context(settings, action) + std::strerror(error),
          "look at the disk of '" + settings.path + "'"};
}

}  // namespace drawbridge::rocks
