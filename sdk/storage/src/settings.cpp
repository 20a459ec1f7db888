#include "drawbridge/storage/settings.h"

#include <cerrno>
#include <cstring>

#include "drawbridge/options.h"

namespace drawbridge::storage {

void Settings::declare(Options& o) {
  o.required_path("path", path, "Folder of the database; made when missing, and for this storage alone.");
  o.flag("sync", sync,
         "Wait until a commit survives a power loss; without it a commit survives only the end of the process.");
  o.size("blob_inline_max", blob_inline_max, {0, 1_MiB},
         "Blobs up to this size live in the database, larger ones in files.");
  o.size("max_blob_bytes", max_blob_bytes, {1_MiB, 1024 * 1_TiB}, "Refuse a larger blob.");
  o.size("max_batch_bytes", max_batch_bytes, {17_MiB, 1_GiB},
         "Refuse a larger batch of records; twice as much may be queued.");
  o.number("max_queue", max_queue, {16, 1'000'000},
           "Commits that may wait; the next one is told that the storage is busy.");
}

void Settings::go_live(const Settings& other) const {
  live->sync = other.sync;
  live->blob_inline_max = other.blob_inline_max;
  live->max_blob_bytes = other.max_blob_bytes;
  live->max_batch_bytes = other.max_batch_bytes;
  live->max_queue = other.max_queue;
}

namespace {

std::string context(const Settings& settings, std::string_view action) {
  return settings.who() + std::string(action) + ": ";
}

}  // namespace

Error disk_full(const Settings& settings, std::string_view action) {
  return {Code::unavailable, context(settings, action) + "disk full",
          "free space on the disk of '" + settings.path + "'; writing goes on by itself"};
}

Error file_error(const Settings& settings, std::string_view action, int error) {
  if (error == ENOSPC || error == EDQUOT) return disk_full(settings, action);
  return {Code::unavailable, context(settings, action) + std::strerror(error),
          "look at the disk of '" + settings.path + "'"};
}

Error damage(const Settings& settings, std::string_view action, const std::string& what) {
  return {Code::corrupt, context(settings, action) + what,
          "stop the node and restore '" + settings.path + "' from a backup"};
}

Error foreign(const Settings& settings, const std::string& what) {
  return {Code::unsupported, settings.who() + "open: '" + settings.path + "' holds another kind of database: " + what,
          "give this storage a folder of its own"};
}

}  // namespace drawbridge::storage
