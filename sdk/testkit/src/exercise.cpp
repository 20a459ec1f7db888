#include "exercise.h"

#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/keeper.h"
#include "drawbridge/ledger.h"
#include "drawbridge/records.h"
#include "drawbridge/transport.h"

namespace drawbridge::testkit {
namespace {

const std::string nobody = "node_" + std::string(64, '0');

Key key_of(const std::string& tag) {
  return "exercise/" + tag;
}

Bytes value_of(const std::string& tag) {
  return to_bytes("the value of " + tag);
}

Task<> write_records(Records& records, std::string tag) {
  Batch batch;
  batch.put(key_of(tag), value_of(tag));
  co_await records.commit(std::move(batch));
}

Task<> read_records(Records& records, std::string tag) {
  const Key key = key_of(tag);
  const auto got = co_await records.get(key);
  check(got.has_value(), "Records::get does not find what was committed just before");
  check(*got == value_of(tag), "Records::get gives another value than was committed");
  const auto page = co_await records.scan(key, {}, 10);
  check(!page.records.empty() && page.records.front().key == key, "Records::scan does not show what was committed");
}

Task<> write_blob(Blobs& blobs, std::string tag) {
  const Bytes bytes = value_of(tag);
  const auto writer = co_await blobs.create();
  co_await writer->write(bytes);
  co_await writer->commit("exercise-" + tag);
}

Task<> read_blob(Blobs& blobs, std::string tag) {
  Bytes out(1000);
  const auto got = co_await blobs.read("exercise-" + tag, 0, out);
  out.resize(got);
  check(out == value_of(tag), "Blobs::read gives other bytes than were written");
}

void seal_and_open(const CipherSuite& suite) {
  const Secret key(Bytes(CipherSuite::data_key_bytes, 7));
  const Bytes sealed = suite.seal_small(key, view("context"), view("a small secret"));
  check(suite.open_small(key, view("context"), sealed).text() == "a small secret",
        "CipherSuite::open_small gives something else than was sealed");
}

/// Once for a tag, since a ledger never shrinks: whoever looks for leaks calls it often.
Task<> append_event(Ledger& ledger, std::string tag) {
  const auto known = co_await ledger.find("exercise-" + tag);
  if (!known.empty()) co_return;
  const EventDraft draft{"shared", "exercise-" + tag, {{"owner", "node_a"}, {"grantee", "node_b"}}};
  co_await ledger.append(draft);
}

Task<> read_ledger(Ledger& ledger) {
  const Checkpoint head = co_await ledger.head();
  check(head.size > 0, "Ledger::head does not cover an event that was appended");
  const auto page = co_await ledger.events(0, 10);
  check(!page.events.empty(), "Ledger::events does not show an event that was appended");
}

}  // namespace

bool can_exercise(Component& component) {
  return dynamic_cast<Records*>(&component) != nullptr || dynamic_cast<Blobs*>(&component) != nullptr ||
         dynamic_cast<CipherSuite*>(&component) != nullptr || dynamic_cast<Ledger*>(&component) != nullptr ||
         dynamic_cast<Keeper*>(&component) != nullptr || dynamic_cast<Transport*>(&component) != nullptr;
}

Task<> exercise(Component& component, std::string tag) {
  if (auto* records = dynamic_cast<Records*>(&component)) co_await write_records(*records, tag);
  if (auto* blobs = dynamic_cast<Blobs*>(&component)) co_await write_blob(*blobs, tag);
  if (auto* ledger = dynamic_cast<Ledger*>(&component)) co_await append_event(*ledger, tag);
  co_await read_again(component, tag);
}

Task<> read_again(Component& component, std::string tag) {
  if (auto* records = dynamic_cast<Records*>(&component)) co_await read_records(*records, tag);
  if (auto* blobs = dynamic_cast<Blobs*>(&component)) co_await read_blob(*blobs, tag);
  if (auto* suite = dynamic_cast<CipherSuite*>(&component)) seal_and_open(*suite);
  if (auto* ledger = dynamic_cast<Ledger*>(&component)) co_await read_ledger(*ledger);
  if (auto* keeper = dynamic_cast<Keeper*>(&component)) {
    co_await check_throws(Code::not_found, keeper->release("sha256:exercise-" + tag, nobody));
  }
  if (auto* transport = dynamic_cast<Transport*>(&component)) {
    co_await check_throws(Code::not_found, transport->open(nobody, "exercise/1"));
  }
}

Task<bool> sees(Component& component, std::string tag) {
  if (auto* records = dynamic_cast<Records*>(&component)) {
    const auto got = co_await records->get(key_of(tag));
    if (got) co_return true;
  }
  if (auto* blobs = dynamic_cast<Blobs*>(&component)) {
    const auto got = co_await blobs->stat("exercise-" + tag);
    if (got) co_return true;
  }
  if (auto* ledger = dynamic_cast<Ledger*>(&component)) {
    const auto got = co_await ledger->find("exercise-" + tag);
    if (!got.empty()) co_return true;
  }
  co_return false;
}

}  // namespace drawbridge::testkit
