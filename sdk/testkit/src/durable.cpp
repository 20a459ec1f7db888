#include "durable.h"

#include "blobs_cases.h"
#include "component_cases.h"
#include "ledger_cases.h"
#include "records_cases.h"

namespace drawbridge::testkit {
namespace {

constexpr int many = 200;
const std::string lost = "lost at a restart: ";

void restart(Mount& mount) {
  mount.stop();
  mount.renew();
  mount.start();
}

std::string key_of(int number) {
  return "durable/" + std::to_string(1000 + number);
}

Task<> put_many(Records& records) {
  for (int i = 0; i < many; ++i) co_await put(records, key_of(i), "value " + std::to_string(i));
  co_await erase(records, key_of(7));
}

Task<> check_many(Records& records) {
  for (int i = 0; i < many; ++i) {
    const std::string got = co_await text(records, key_of(i));
    const std::string want = i == 7 ? "(absent)" : "value " + std::to_string(i);
    check(got == want, lost + "a committed record is " + got + " afterwards, and was " + want);
  }
}

Task<> check_blobs(Blobs& blobs) {
  const Bytes small = co_await load(blobs, "durable-small", 1000);
  check(small == content(1, 100), lost + "a small blob has other bytes");
  const Bytes large = co_await load(blobs, "durable-large", 64 * 1024);
  check(large == content(2, 3'000'000), lost + "a large blob has other bytes");
}

Task<> check_blobs_are_there(Blobs& blobs) {
  for (const char* id : {"durable-small", "durable-large"}) {
    const auto found = co_await blobs.stat(id);
    check(found.has_value(), lost + "a committed blob is gone");
  }
  co_await check_blobs(blobs);
}

}  // namespace

void records_survive_a_restart(Bench& bench) {
  const auto mount = started(bench);
  mount->wait(put_many(*mount->facet<Records>()));
  restart(*mount);
  mount->wait(check_many(*mount->facet<Records>()));
  mount->stop();
}

void blobs_survive_a_restart(Bench& bench) {
  const auto mount = started(bench);
  mount->wait(store(*mount->facet<Blobs>(), "durable-small", content(1, 100), 100));
  mount->wait(store(*mount->facet<Blobs>(), "durable-large", content(2, 3'000'000), 100'000));
  restart(*mount);
  mount->wait(check_blobs_are_there(*mount->facet<Blobs>()));
  mount->stop();
}

void ledger_survives_a_restart(Bench& bench) {
  const auto mount = started(bench);
  mount->wait(fill(*mount->facet<Ledger>(), many));
  const auto before = mount->wait(mount->facet<Ledger>()->head());
  restart(*mount);
  const auto after = mount->wait(mount->facet<Ledger>()->head());
  check(after.size == before.size, lost + "events that were appended");
  check(after.root == before.root, "after a restart the ledger has another history");
  mount->wait(mount->facet<Ledger>()->append(numbered_draft(many)));
  const auto audited = mount->wait(mount->facet<Ledger>()->audit());
  check(audited.size == before.size + 1, "after a restart a new event does not continue the history");
  mount->stop();
}

}  // namespace drawbridge::testkit
