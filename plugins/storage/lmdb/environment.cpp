#include "environment.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "drawbridge/options.h"
#include "row.h"

namespace drawbridge::lmdb {
namespace {

constexpr unsigned max_readers = 512;
constexpr MDB_dbi free_pages = 0;  // LMDB's own table of them

/// Whether every page from `first` to `last` is one that LMDB has no use for.
bool all_free(MDB_env* env, std::uint64_t first, std::uint64_t last) {
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;
  if (mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) != MDB_SUCCESS) return false;
  std::vector<bool> is_free(last - first + 1);
  if (mdb_cursor_open(txn, free_pages, &cursor) == MDB_SUCCESS) {
    MDB_val key, list;
    while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == MDB_SUCCESS) {
      const auto* ids = static_cast<const std::size_t*>(list.mv_data);  // their number, then they
      const auto count = list.mv_size < sizeof *ids ? 0 : std::min(ids[0], list.mv_size / sizeof *ids - 1);
      for (std::size_t i = 1; i <= count; ++i) {
        if (ids[i] >= first && ids[i] <= last) is_free[ids[i] - first] = true;
      }
    }
    mdb_cursor_close(cursor);
  }
  mdb_txn_abort(txn);
  return std::ranges::all_of(is_free, [](bool one) { return one; });
}

}  // namespace

Environment::Environment(const Settings& settings)
    : settings_(settings), max_map_bytes_(settings.max_map_bytes), synced_(settings.sync) {
  MDB_env* env = nullptr;
  check("open", mdb_env_create(&env));
  env_.reset(env);
  check("open", mdb_env_set_maxreaders(env, max_readers));
  check("open", mdb_env_set_mapsize(env, settings.map_bytes));
  // Readers go from thread to thread. Read-ahead is of no use to what is read by key.
  const unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD | (settings.sync ? 0 : MDB_NOSYNC);
  check("open", mdb_env_open(env, settings.database_path().c_str(), flags, 0600));
  check_length();
  open_rows();
}

std::uint64_t Environment::map_bytes() const {
  MDB_envinfo info{};
  mdb_env_info(get(), &info);
  return info.me_mapsize;
}

std::uint64_t Environment::used_bytes() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(get(), &info);
  mdb_env_stat(get(), &stat);
  return (info.me_last_pgno + 1) * stat.ms_psize;
}

/// A page behind the end of the file would end the process when it is read. LMDB leaves pages out that were freed
/// before they were ever written; any other that is missing is damage.
void Environment::check_length() const {
  int file = -1;
  struct stat status {};
  check("open", mdb_env_get_fd(get(), &file));
  if (::fstat(file, &status) != 0) throw storage::file_error(settings_, "open", errno);
  const auto wanted = used_bytes();
  const auto there = static_cast<std::uint64_t>(status.st_size);
  if (there >= wanted) return;
  MDB_stat stat{};
  mdb_env_stat(get(), &stat);
  // Empty pages in their place can be looked at, and are told from LMDB's.
  if (::ftruncate(file, static_cast<off_t>(wanted)) != 0) throw storage::file_error(settings_, "open", errno);
  if (all_free(get(), there / stat.ms_psize, wanted / stat.ms_psize - 1)) return;
  const bool restored = ::ftruncate(file, status.st_size) == 0;
  throw storage::damage(settings_, "open",
                        std::string("the database is cut short") + (restored ? "" : ", and its length was changed"));
}

/// A database that is not empty and says nothing of its format is somebody else's.
void Environment::open_rows() {
  Snapshot change(*this, 0);
  MDB_stat stat{};
  check("open", mdb_dbi_open(change.txn(), nullptr, 0, &rows_));
  check("open", mdb_stat(change.txn(), rows_, &stat));
  RowKey format(Table::meta, "format");
  MDB_val at = format.value(), found{};
  if (stat.ms_entries != 0 && mdb_get(change.txn(), rows_, &at, &found) != MDB_SUCCESS)
    throw storage::foreign(settings_, "an LMDB database of another program");
  change.commit();
}

bool Environment::set_map_bytes(std::uint64_t bytes) {
  // LMDB gives the old map up before it asks for the new one, and could not go on without. So somebody else asks first.
  void* trial = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (trial == MAP_FAILED) return false;
  ::munmap(trial, bytes);
  check("enlarge the map", mdb_env_set_mapsize(get(), bytes));
  return true;
}

void Environment::set_sync(bool sync) {
  if (sync == synced_) return;
  check("write", mdb_env_set_flags(get(), MDB_NOSYNC, sync ? 0 : 1));
  if (sync) check("write", mdb_env_sync(get(), 1));  // what was written before counts from now on too
  synced_ = sync;
}

Error Environment::error(std::string_view action, int code) const {
  const auto who = settings_.who() + std::string(action) + ": ";
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return storage::damage(settings_, action, std::string("the database is damaged: ") + mdb_strerror(code));
    case MDB_INVALID:
      return storage::damage(settings_, action, "the database is damaged, or of another program");
    case MDB_VERSION_MISMATCH:
      return storage::foreign(settings_, "an LMDB database of another version of LMDB");
    case MDB_MAP_FULL:
      return {Code::too_large, who + "the database is full: max_map is " + size_text(max_map_bytes()),
              "raise max_map, or erase what is not needed"};
    case MDB_PANIC:
      return {Code::unavailable, who + "an earlier write failed by halves", "look at the disk, then restart the node"};
    case MDB_READERS_FULL:
      return {Code::unavailable, who + "too many read at once"};
    default:
      break;
  }
  // What is not LMDB's own is the system's. LMDB calls it EIO when the disk took a part only.
  struct statvfs disk {};
  if (code == EIO && ::statvfs(settings_.path.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < 1_MiB)
    return storage::disk_full(settings_, action);
  if (code > 0) return storage::file_error(settings_, action, code);
  return {Code::internal, who + mdb_strerror(code)};
}

}  // namespace drawbridge::lmdb
