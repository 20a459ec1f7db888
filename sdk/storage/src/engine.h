#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "blob_files.h"
#include "committer.h"
#include "drawbridge/host.h"
#include "drawbridge/storage/condition.h"
#include "drawbridge/storage/database.h"
#include "folder_lock.h"
#include "gate.h"

namespace drawbridge::storage {

/// Everything that runs while the storage does. Writers of blobs share it, because they may outlive the component;
/// behind the closed gate only `settings`, `files` and the gate itself are still there for them.
class Engine {
 public:
  Engine(const Settings& settings_, Host& host_);

  /// Makes and locks the folder, opens the database, starts the committer, removes what a crash left; blocks.
  void open(std::string_view format, const std::function<std::unique_ptr<Database>()>& open_database);
  /// Waits for the calls that are under way, then closes the database. Safe twice.
  Task<> close();

  /// Another storage of the same folder uses this engine from now on: the successor of the one that opened it. Whoever
  /// joined last has the settings that count, but only when it is alone: the others may yet be the ones that stay.
  void join(const void* user, const Settings& its_settings, Adjust adjust);
  /// Whether it was the last, which then has to close; false when it is none that joined.
  Task<bool> leave(const void* user);

  /// Looks in the caches at once, and goes to the blocking pool for the disk only. Whether there is such a key. What is
  /// passed in must outlive the task.
  Task<bool> lookup(Table table, const std::string& key, const Found& found);

  /// The index entry of a blob.
  Task<std::optional<Entry>> find_blob(std::string id);

  std::uint64_t draw_token();
  Error error(Code code, const std::string& message) const { return {code, settings.who() + message}; }

  /// Between these a file may be without an entry. Where the end does not come, the next start looks for what was left.
  void begin_leftover() { ++leftovers_; }
  void end_leftover() { --leftovers_; }

  const Settings settings;
  Host& host;
  Gate gate;
  const std::shared_ptr<Condition> condition;
  BlobFiles files;
  std::unique_ptr<FolderLock> folder_lock;  ///< Outlives the database.
  std::unique_ptr<Database> database;
  std::unique_ptr<Committer> committer;

 private:
  void prepare_folder();
  void check_format(std::string_view format);
  bool take_clean_mark();
  void set_meta(std::string_view key, std::string_view value);
  void sweep();
  void close_database();
  void adjust_to_last();

  struct User {
    const void* user;
    Settings settings;
    Adjust adjust;
  };
  std::atomic<std::size_t> leftovers_{0};
  std::mutex adjusting_;
  std::mutex users_mutex_;
  std::vector<User> users_;
};

}  // namespace drawbridge::storage
