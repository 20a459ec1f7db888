#include "engine.h"

#include <sys/stat.h>

#include <filesystem>

namespace drawbridge::rocks {

Engine::Engine(const Settings& settings_, Host& host_)
    : settings(settings_), host(host_), condition(std::make_shared<Condition>(host_.log())), files(settings_) {}

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
