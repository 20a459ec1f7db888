// A Ledger and a Keeper that are written in Python.
#include "drawbridge/ledger.h"

#include "component.h"
#include "drawbridge/keeper.h"

namespace drawbridge::python {
namespace {

constexpr std::size_t max_events = 1024;
constexpr std::size_t max_hashes = 64;  // of a tree with fewer than 2^63 leaves

class PythonLedger final : public PythonComponent, public Ledger {
 public:
  Task<LedgerEvent> append(EventDraft draft) override {
    auto invoke = [draft](const py::object& method) { return method(to_python(draft)); };
    co_return co_await python().call<LedgerEvent>("append", "a LedgerEvent", invoke, event_from);
  }
  Task<std::string> checkpoint() override {
    co_return co_await python().call<std::string>("checkpoint", "str", call, text_result);
  }
  Task<Checkpoint> head() override {
    co_return co_await python().call<Checkpoint>("head", "a Checkpoint", call, checkpoint_from);
  }
  Task<std::optional<LedgerEvent>> event(std::uint64_t index) override {
    auto invoke = [index](const py::object& method) { return method(index); };
    auto convert = [](py::handle result) -> std::optional<LedgerEvent> {
      if (result.is_none()) return std::nullopt;
      return event_from(result);
    };
    co_return co_await python().call<std::optional<LedgerEvent>>("event", "a LedgerEvent or None", invoke, convert);
  }
  Task<Page> events(std::uint64_t from, std::size_t limit) override {
    if (limit < 1 || limit > max_events) throw Error(Code::invalid, "a page has 1 to 1024 events");
    auto invoke = [from, limit](const py::object& method) { return method(from, limit); };
    auto convert = [from, limit](py::handle result) {
      auto page = events_page_from(result);
      if (page.events.size() > limit) throw py::value_error("more than were asked for");
      for (std::size_t i = 0; i < page.events.size(); ++i) {
        if (page.events[i].index != from + i) throw py::value_error("out of order");
      }
      if (page.more && page.events.empty()) throw py::value_error("an empty page cannot have more behind it");
      return page;
    };
    co_return co_await python().call<Page>("events", "an EventsPage of LedgerEvent", invoke, convert);
  }
  Task<std::vector<LedgerEvent>> find(std::string subject) override {
    auto invoke = [subject](const py::object& method) { return method(to_python(subject)); };
    auto convert = [](py::handle result) { return list_result(result, max_events, event_from); };
    co_return co_await python().call<std::vector<LedgerEvent>>("find", "a list of LedgerEvent", invoke, convert);
  }
  Task<std::string> proof(std::uint64_t index, bool with_opening) override {
    auto invoke = [index, with_opening](const py::object& method) { return method(index, with_opening); };
    co_return co_await python().call<std::string>("proof", "str", invoke, text_result);
  }
  Task<std::vector<Digest>> consistency(std::uint64_t size1, std::uint64_t size2) override {
    auto invoke = [size1, size2](const py::object& method) { return method(size1, size2); };
    auto convert = [](py::handle result) { return list_result(result, max_hashes, digest_from); };
    co_return co_await python().call<std::vector<Digest>>("consistency", "a list of 32 bytes each", invoke, convert);
  }
  Task<Checkpoint> audit() override {
    co_return co_await python().call<Checkpoint>("audit", "a Checkpoint", call, checkpoint_from);
  }

 private:
  static py::object call(const py::object& method) { return method(); }
};

class PythonKeeper final : public PythonComponent, public Keeper {
 public:
  std::string_view keeper() const override { return name_; }

  Task<std::optional<Bytes>> entrust(Grant grant, Secret data_key) override {
    const auto key = std::make_shared<Secret>(std::move(data_key));
    auto invoke = [grant, key](const py::object& method) { return method(to_python(grant), to_python(key->clone())); };
    co_return co_await python().call<std::optional<Bytes>>("entrust", "bytes or None", invoke, optional_bytes_result);
  }
  Task<Bytes> release(std::string asset, std::string grantee) override {
    auto invoke = [asset, grantee](const py::object& method) { return method(to_python(asset), to_python(grantee)); };
    co_return co_await python().call<Bytes>("release", "bytes", invoke, bytes_from);
  }
  Task<> revoke(std::string asset, std::string grantee) override {
    auto invoke = [asset, grantee](const py::object& method) { return method(to_python(asset), to_python(grantee)); };
    co_await python().call<void>("revoke", "None", invoke, nothing_from);
  }

 protected:
  Task<> started(Host&) override {
    auto invoke = [](const py::object& property) { return property; };
    name_ = co_await python().call<std::string>("keeper", "str", invoke, text_result);
  }

 private:
  std::string name_;
};

}  // namespace

std::shared_ptr<PythonComponent> make_ledger() {
  return std::make_shared<PythonLedger>();
}
std::shared_ptr<PythonComponent> make_keeper() {
  return std::make_shared<PythonKeeper>();
}

}  // namespace drawbridge::python
