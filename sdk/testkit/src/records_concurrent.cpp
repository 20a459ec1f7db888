// Several clients at once, on several threads.
#include <atomic>

#include "parallel.h"
#include "records_cases.h"

namespace drawbridge::testkit {
namespace {

/// Whether the batch was applied; false for a conflict.
Task<bool> try_commit(Records& records, Batch batch) {
  try {
    co_await records.commit(std::move(batch));
  } catch (const Error& error) {
    if (error.code() == Code::conflict) co_return false;
    throw;
  }
  co_return true;
}

Task<> increment(Records& records, int times) {
  for (int done = 0; done < times;) {
    const auto value = co_await records.get("counter");
    DRAWBRIDGE_CHECK(value.has_value());
    const auto next = to_bytes(std::to_string(std::stoi(to_text(*value)) + 1));
    Batch batch;
    batch.expect("counter", *value).put("counter", next);
    if (co_await try_commit(records, std::move(batch))) ++done;
  }
}

Task<> increments(Records& records) {
  constexpr int clients = 8, times = 25;
  co_await put(records, "counter", "0");
  std::vector<Task<>> tasks;
  for (int i = 0; i < clients; ++i) tasks.push_back(increment(records, times));
  co_await in_parallel(std::move(tasks));
  DRAWBRIDGE_CHECK(co_await text(records, "counter") == std::to_string(clients * times));
}

Task<> claim(Records& records, int client, int keys_count, std::atomic<int>& won) {
  for (int i = 0; i < keys_count; ++i) {
    const Key key = "claim/" + std::to_string(i);
    Batch batch;
    batch.expect_absent(key).put(key, to_bytes(std::to_string(client)));
    batch.put("won/" + std::to_string(client) + "/" + std::to_string(i), {});
    if (co_await try_commit(records, std::move(batch))) ++won;
  }
}

Task<> one_winner(Records& records) {
  constexpr int clients = 8, keys_count = 20;
  std::atomic<int> won = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < clients; ++i) tasks.push_back(claim(records, i, keys_count, won));
  co_await in_parallel(std::move(tasks));
  DRAWBRIDGE_CHECK(won == keys_count);
  DRAWBRIDGE_CHECK((co_await all_pages(records, "claim/", 100)).size() == keys_count);
  DRAWBRIDGE_CHECK((co_await all_pages(records, "won/", 100)).size() == keys_count);
}

constexpr int group_keys = 50;

Task<> rewrite_group(Records& records, int client, int times, std::atomic<bool>& over) {
  for (int i = 0; i < times; ++i) {
    const auto value = to_bytes(std::to_string(client) + "." + std::to_string(i));
    Batch batch;
    for (int k = 0; k < group_keys; ++k) batch.put("group/" + std::to_string(k), value);
    co_await records.commit(std::move(batch));
  }
  over = true;
}

Task<> watch_group(Records& records, std::atomic<bool>& over) {
  while (!over) {
    const auto page = co_await records.scan("group/", "", group_keys);
    if (page.records.empty()) continue;
    DRAWBRIDGE_CHECK(page.records.size() == group_keys);
    for (const auto& record : page.records) DRAWBRIDGE_CHECK(record.value == page.records.front().value);
  }
}

Task<> snapshot(Records& records) {
  std::atomic<bool> over = false;
  std::vector<Task<>> tasks;
  for (int client = 0; client < 2; ++client) tasks.push_back(rewrite_group(records, client, 40, over));
  for (int i = 0; i < 2; ++i) tasks.push_back(watch_group(records, over));
  co_await in_parallel(std::move(tasks));
}

Task<> write_and_read(Records& records, int client, int times) {
  for (int i = 0; i < times; ++i) {
    const Key key = "own/" + std::to_string(client);
    co_await put(records, key, std::to_string(i));
    DRAWBRIDGE_CHECK(co_await text(records, key) == std::to_string(i));
  }
}

Task<> read_own_writes(Records& records) {
  std::vector<Task<>> tasks;
  for (int client = 0; client < 16; ++client) tasks.push_back(write_and_read(records, client, 20));
  co_await in_parallel(std::move(tasks));
}

}  // namespace

void add_concurrent_record_cases(Suite<Records>& suite) {
  suite.push_back({"ConcurrentIncrementsLoseNothing", increments});
  suite.push_back({"ConcurrentClaimsHaveOneWinner", one_winner});
  suite.push_back({"PageIsASnapshot", snapshot});
  suite.push_back({"CommittedIsSeenAtOnce", read_own_writes});
}

}  // namespace drawbridge::testkit
