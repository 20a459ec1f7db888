#include "engine.h"

#include <sys/stat.h>

#include <filesystem>
#include <optional>

namespace drawbridge::rocks {

Engine::Engine(const Settings& settings_, Host& host_)
    : settings(settings_), host(host_), condition(std::make_shared<Condition>(host_.log())), files(settings_) {
  settings.go_live(settings);
}

void Engine::open() {
  std::error_code failed;
  std::filesystem::create_directories(settings.path, failed);
  if (failed) throw to_file_error(settings, "make the folder '" + settings.path + "'", failed.value());
  ::chmod(settings.path.c_str(), 0700);  // of somebody else's folder it may not be ours to say
  database = std::make_unique<Database>(settings, condition);
  files.prepare();
  if (!database->take_clean_mark()) sweep();
  committer = std::make_unique<Committer>(settings, *database, *condition, host.clock());
  gate.open();
}

void Engine::join(const void* user, const Settings& its_settings) {
  const std::lock_guard lock(users_mutex_);
  users_.push_back({user, its_settings});
}

Task<bool> Engine::leave(const void* user) {
  const auto pass = gate.try_enter();  // while it lives, another user that leaves meanwhile does not close
  {
    const std::lock_guard lock(users_mutex_);
    if (std::erase_if(users_, [user](const User& one) { return one.user == user; }) == 0) co_return false;
    if (users_.empty()) co_return true;
  }
  if (!pass) co_return false;
  auto work = [this] { adjust(); };
  co_await host.blocking(work);
  co_return false;
}

// Several may leave at once, so what counts is looked up by whoever has the turn.
void Engine::adjust() {
  const std::lock_guard turn(adjusting_);
  std::optional<Settings> next;
  {
    const std::lock_guard lock(users_mutex_);
    if (users_.empty()) return;
    next = users_.back().settings;
  }
  settings.go_live(*next);
  try {
    database->adjust(*next);
  } catch (const Error& error) {
    host.log().warning("the database keeps its old sizes until the node is restarted: {}", error.what());
  }
}

Task<> Engine::close() {
  gate.close();
  // Those who are still inside may need the blocking pool, so nobody waits for them in there.
  while (!gate.empty()) co_await host.sleep(Milliseconds(1));
  auto end = [this] { close_database(); };
  co_await host.blocking(end);
}

void Engine::close_database() {
  if (committer) committer->stop();
  committer.reset();
  if (database && leftovers_ == 0) {
    try {
      database->set_clean_mark();
    } catch (const Error& error) {
      host.log().warning("the next start will look for leftovers: {}", error.what());
    }
  }
  database.reset();
  files.close_all();
}

void Engine::sweep() {
  const auto removed = files.sweep([this](const std::string& id, std::uint64_t token) {
    const auto found = database->get(Column::blobs, id);
    const auto entry = found ? decode_entry(*found) : std::nullopt;
    // A damaged entry is for a reader to report: its file stays.
    return found && (!entry || (entry->kind == Entry::Kind::file && entry->token == token));
  });
  if (removed > 0) host.log().info("removed {} files of blobs that were never committed or are erased", removed);
}

Task<Answer> Engine::lookup(Column column, const std::string& key, rocksdb::PinnableSlice& value) {
  value.Reset();
  const auto answer = database->get(column, key, Tier::cached, value);
  if (answer != Answer::not_cached) co_return answer;
  auto from_disk = [&] {
    value.Reset();
    return database->get(column, key, Tier::any, value);
  };
  co_return co_await host.blocking(from_disk);
}

Task<std::optional<Entry>> Engine::find_blob(std::string id) {
  rocksdb::PinnableSlice value;
  const auto answer = co_await lookup(Column::blobs, id, value);
  if (answer == Answer::absent) co_return std::nullopt;
  const auto entry = decode_entry(bytes_of(value));
  if (!entry) throw error(Code::corrupt, "the index entry of blob '" + id + "' is damaged");
  co_return entry;
}

std::uint64_t Engine::draw_token() {
  return load_u64be(host.random().bytes(8));
}

}  // namespace drawbridge::rocks
