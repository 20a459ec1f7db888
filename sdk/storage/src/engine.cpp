#include "engine.h"

#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "drawbridge/blobs.h"

namespace drawbridge::storage {
namespace {

constexpr std::string_view format_key = "format";
constexpr std::string_view clean_key = "clean";

}  // namespace

Engine::Engine(const Settings& settings_, Host& host_)
    : settings(settings_), host(host_), condition(std::make_shared<Condition>(host_.log())), files(settings_) {
  settings.go_live(settings);
}

void Engine::open(std::string_view format, const std::function<std::unique_ptr<Database>()>& open_database) {
  prepare_folder();
  folder_lock = std::make_unique<FolderLock>(settings);
  database = open_database();
  check_format(format);
  files.prepare();
  if (!take_clean_mark()) sweep();
  committer = std::make_unique<Committer>(settings, *database, *condition);
  gate.open();
}

void Engine::prepare_folder() {
  std::error_code failed;
  std::filesystem::create_directories(settings.path, failed);
  if (failed) throw file_error(settings, "make the folder '" + settings.path + "'", failed.value());
  ::chmod(settings.path.c_str(), 0700);  // of somebody else's folder it may not be ours to say
}

void Engine::check_format(std::string_view format) {
  std::string found;
  auto read = [&](BytesView value) { found = to_text(value); };
  if (database->get(Table::meta, format_key, Tier::any, read) == Answer::absent) return set_meta(format_key, format);
  if (found == format) return;
  throw Error(Code::unsupported,
              settings.who() + "open: '" + settings.path + "' has the format '" + found + "', this program reads '" +
                  std::string(format) + "'",
              "use the version of the program that wrote it, or give this storage another path");
}

bool Engine::take_clean_mark() {
  if (database->get(Table::meta, clean_key, Tier::any, [](BytesView) {}) == Answer::absent) return false;
  const auto transaction = database->begin({.puts = false});
  transaction->erase(Table::meta, clean_key);
  transaction->commit();
  return true;
}

void Engine::set_meta(std::string_view key, std::string_view value) {
  const auto transaction = database->begin({});
  transaction->put(Table::meta, key, view(value));
  transaction->commit();
}

void Engine::join(const void* user, const Settings& its_settings, Adjust adjust) {
  const std::lock_guard lock(users_mutex_);
  users_.push_back({user, its_settings, std::move(adjust)});
}

Task<bool> Engine::leave(const void* user) {
  const auto pass = gate.try_enter();  // while it lives, another user that leaves meanwhile does not close
  {
    const std::lock_guard lock(users_mutex_);
    if (std::erase_if(users_, [user](const User& one) { return one.user == user; }) == 0) co_return false;
    if (users_.empty()) co_return true;
  }
  if (!pass) co_return false;
  auto work = [this] { adjust_to_last(); };
  co_await host.blocking(work);
  co_return false;
}

// Several may leave at once, so what counts is looked up by whoever has the turn.
void Engine::adjust_to_last() {
  const std::lock_guard turn(adjusting_);
  std::optional<User> next;
  {
    const std::lock_guard lock(users_mutex_);
    if (users_.empty()) return;
    next = users_.back();
  }
  settings.go_live(next->settings);
  try {
    next->adjust(*database);
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
      set_meta(clean_key, "1");
    } catch (const Error& error) {
      host.log().warning("the next start will look for leftovers: {}", error.what());
    }
  }
  database.reset();
  files.close_all();
  folder_lock.reset();
}

void Engine::sweep() {
  const auto removed = files.sweep([this](const std::string& id, std::uint64_t token) {
    std::optional<Entry> entry;
    auto decode = [&](BytesView value) { entry = decode_entry(value); };
    if (database->get(Table::blobs, id, Tier::any, decode) == Answer::absent) return false;
    // A damaged entry is for a reader to report: its file stays.
    return !entry || (entry->kind == Entry::Kind::file && entry->token == token);
  });
  if (removed > 0) host.log().info("removed {} files of blobs that were never committed or are erased", removed);
}

Task<bool> Engine::lookup(Table table, const std::string& key, const Found& found) {
  const auto answer = database->get(table, key, Tier::cached, found);
  if (answer != Answer::not_cached) co_return answer == Answer::present;
  auto from_disk = [&] { return database->get(table, key, Tier::any, found) == Answer::present; };
  co_return co_await host.blocking(from_disk);
}

Task<std::optional<Entry>> Engine::find_blob(std::string id) {
  std::optional<Entry> entry;
  if (!is_blob_id(id)) co_return entry;
  auto decode = [&](BytesView value) { entry = decode_entry(value); };
  const Found found = std::ref(decode);
  const bool there = co_await lookup(Table::blobs, id, found);
  if (there && !entry) throw damaged_entry(settings, id);
  co_return entry;
}

std::uint64_t Engine::draw_token() {
  return load_u64be(host.random().bytes(8));
}

}  // namespace drawbridge::storage
