// A few thousand random steps beside a std::map that does the same.
#include <map>
#include <random>

#include "records_cases.h"

namespace drawbridge::testkit {
namespace {

constexpr int steps = 4000;

class RecordsModel {
 public:
  RecordsModel(Records& records, std::uint64_t seed) : records_(records), random_(seed) {}

  Task<> step() {
    const auto choice = below(100);
    if (choice < 40) return commit();
    if (choice < 75) return get();
    return scan();
  }

  Task<> compare_all() {
    const auto found = co_await all_pages(records_, "", 1 + below(50));
    DRAWBRIDGE_CHECK(found.size() == model_.size());
    auto at = model_.begin();
    for (const auto& record : found) {
      DRAWBRIDGE_CHECK(record.key == at->first);
      DRAWBRIDGE_CHECK(record.value == at->second);
      ++at;
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  /// Few bytes and short keys, so that keys are hit again and prefixes matter.
  Key key() {
    static constexpr char bytes[] = {'\0', 'a', 'b', '\x7f', '\x80', '\xff'};
    Key out;
    for (std::size_t i = 1 + below(3); i > 0; --i) out.push_back(bytes[below(sizeof bytes)]);
    return out;
  }

  Bytes value() {
    Bytes out(below(20) == 0 ? below(20000) : below(20));
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random_());
    return out;
  }

  Task<> commit() {
    Batch batch;
    bool holds = true;
    auto next = model_;
    for (std::size_t i = below(3); i > 0; --i) {
      const auto name = key();
      const auto found = model_.find(name);
      // Mostly expectations that hold.
      const bool truth = below(5) != 0;
      if (truth ? found == model_.end() : below(2) == 0) {
        batch.expect_absent(name);
        holds = holds && found == model_.end();
      } else {
        const auto expected = truth ? found->second : value();
        batch.expect(name, expected);
        holds = holds && found != model_.end() && found->second == expected;
      }
    }
    for (std::size_t i = below(6); i > 0; --i) {
      const auto name = key();
      if (below(3) == 0) {
        batch.erase(name);
        next.erase(name);
      } else {
        const auto content = value();
        batch.put(name, content);
        next[name] = content;
      }
    }
    if (!holds) {
      co_await check_throws(Code::conflict, records_.commit(std::move(batch)));
    } else {
      co_await records_.commit(std::move(batch));
      model_ = std::move(next);
    }
  }

  Task<> get() {
    const auto name = key();
    const auto got = co_await records_.get(name);
    const auto found = model_.find(name);
    DRAWBRIDGE_CHECK(got.has_value() == (found != model_.end()));
    if (got) DRAWBRIDGE_CHECK(*got == found->second);
  }

  Task<> scan() {
    const auto prefix = below(2) == 0 ? Key() : key().substr(0, 1 + below(2));
    const auto after = below(2) == 0 ? Key() : key();
    const auto limit = 1 + below(8);
    const auto page = co_await records_.scan(prefix, after, limit);
    std::size_t count = 0;
    bool more = false;
    for (auto at = model_.upper_bound(after); at != model_.end(); ++at) {
      if (!at->first.starts_with(prefix)) continue;
      more = count == limit;
      if (more) break;
      DRAWBRIDGE_CHECK(count < page.records.size());
      DRAWBRIDGE_CHECK(page.records[count].key == at->first);
      DRAWBRIDGE_CHECK(page.records[count].value == at->second);
      ++count;
    }
    DRAWBRIDGE_CHECK(page.records.size() == count);
    DRAWBRIDGE_CHECK(page.more == more);
  }

  Records& records_;
  std::mt19937_64 random_;
  std::map<Key, Bytes> model_;
};

Task<> random_steps(Records& records, std::uint64_t seed) {
  RecordsModel model(records, seed);
  for (int i = 0; i < steps; ++i) {
    std::string failed;
    try {
      co_await model.step();
      if (i % 500 == 499) co_await model.compare_all();
    } catch (const std::exception& error) {
      failed = error.what();
    }
    check(failed.empty(), "seed " + std::to_string(seed) + ", step " + std::to_string(i) + ": " + failed);
  }
  co_await model.compare_all();
}

}  // namespace

void add_random_record_case(Suite<Records>& suite, std::uint64_t seed) {
  suite.push_back({"RandomStepsAgreeWithAModel", [seed](Records& records) { return random_steps(records, seed); }});
}

}  // namespace drawbridge::testkit
