// Several writers and readers at once, on several threads.
#include <atomic>

#include "blobs_cases.h"
#include "parallel.h"

namespace drawbridge::testkit {
namespace {

std::size_t size_of(int client, int i) {
  return client % 2 == 0 ? 1000 + i : 100'000 + i;
}

Task<> write_own(Blobs& blobs, int client) {
  for (int i = 0; i < 5; ++i) {
    const std::string id = "own-" + std::to_string(client) + "-" + std::to_string(i);
    const auto bytes = content(client * 100 + i, size_of(client, i));
    co_await store(blobs, id, bytes, 10'000);
    DRAWBRIDGE_CHECK(co_await load(blobs, id) == bytes);
  }
}

Task<> writers(Blobs& blobs) {
  std::vector<Task<>> tasks;
  for (int client = 0; client < 8; ++client) tasks.push_back(write_own(blobs, client));
  co_await in_parallel(std::move(tasks));
  DRAWBRIDGE_CHECK((co_await all_blobs(blobs, 100)).size() == 40);
}

Task<> writers_of_one_id(Blobs& blobs) {
  for (int round = 0; round < 5; ++round) {
    const std::string id = "same-" + std::to_string(round);
    std::vector<Task<>> tasks;
    for (int client = 0; client < 8; ++client)
      tasks.push_back(store(blobs, id, content(client, size_of(client, round))));
    co_await in_parallel(std::move(tasks));
    const auto kept = co_await load(blobs, id);
    bool whole = false;
    for (int client = 0; client < 8; ++client) whole = whole || kept == content(client, size_of(client, round));
    DRAWBRIDGE_CHECK(whole);
    DRAWBRIDGE_CHECK(co_await blobs.erase(id));
    DRAWBRIDGE_CHECK(!(co_await blobs.stat(id)));
  }
}

Task<> store_and_erase(Blobs& blobs, std::size_t size, std::atomic<bool>& over) {
  for (int i = 0; i < 20; ++i) {
    co_await store(blobs, "fleeting", content(9, size));
    co_await blobs.erase("fleeting");
  }
  over = true;
}

Task<> read_or_nothing(Blobs& blobs, std::size_t size, std::atomic<bool>& over) {
  const auto bytes = content(9, size);
  while (!over) {
    try {
      const auto got = co_await range(blobs, "fleeting", 0, size);
      DRAWBRIDGE_CHECK(got == bytes);
    } catch (const Error& error) {
      check(error.code() == Code::not_found, error.what());
    }
  }
}

Task<> readers_during_erase(Blobs& blobs) {
  for (const std::size_t size : {1'000, 200'000}) {
    std::atomic<bool> over = false;
    std::vector<Task<>> tasks;
    tasks.push_back(store_and_erase(blobs, size, over));
    for (int i = 0; i < 2; ++i) tasks.push_back(read_or_nothing(blobs, size, over));
    co_await in_parallel(std::move(tasks));
  }
}

Task<> erase_once(Blobs& blobs, std::atomic<int>& erased) {
  const bool won = co_await blobs.erase("contended");
  if (won) ++erased;
}

Task<> one_eraser(Blobs& blobs) {
  for (const std::size_t size : {1'000, 200'000}) {
    co_await store(blobs, "contended", content(1, size));
    std::atomic<int> erased = 0;
    std::vector<Task<>> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(erase_once(blobs, erased));
    co_await in_parallel(std::move(tasks));
    DRAWBRIDGE_CHECK(erased == 1);
  }
}

}  // namespace

void add_concurrent_blob_cases(Suite<Blobs>& suite) {
  suite.push_back({"ConcurrentWriters", writers});
  suite.push_back({"ConcurrentWritersOfOneId", writers_of_one_id});
  suite.push_back({"ReadersDuringErase", readers_during_erase});
  suite.push_back({"ConcurrentErasersHaveOneWinner", one_eraser});
}

}  // namespace drawbridge::testkit
