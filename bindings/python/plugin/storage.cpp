// Records and Blobs that are written in Python. What a caller can do wrong is refused here, so that the Python class
// sees sound arguments alone; what it returns is checked.
#include <algorithm>

#include "component.h"
#include "drawbridge/blobs.h"
#include "drawbridge/records.h"
#include "interpreter.h"

namespace drawbridge::python {
namespace {

/// Behind the end of any blob, and still an integer for the databases that Python code reads from.
constexpr std::uint64_t furthest = std::uint64_t{1} << 62;

void check_limit(std::size_t limit, std::size_t max) {
  if (limit < 1 || limit > max) throw Error(Code::invalid, "a page has 1 to " + std::to_string(max) + " entries");
}

/// A page that is out of order would send whoever reads on in circles.
template <class Item, class Name>
void check_page(const std::vector<Item>& items, std::size_t limit, const std::string& after, bool more, Name name) {
  if (items.size() > limit) throw py::value_error("at most " + std::to_string(limit) + " were asked for");
  if (more && items.empty()) throw py::value_error("an empty page cannot have more behind it");
  const std::string* last = &after;
  for (const auto& item : items) {
    if (name(item) <= *last) throw py::value_error("out of order");
    last = &name(item);
  }
}

class RecordsFacet : public virtual PythonComponent, public virtual Records {
 public:
  Task<std::optional<Bytes>> get(Key key) override {
    if (key.empty() || key.size() > max_key_bytes) co_return std::nullopt;
    auto invoke = [key = std::move(key)](const py::object& method) { return method(to_python(view(key))); };
    co_return co_await python().call<std::optional<Bytes>>("get", "bytes or None", invoke, optional_bytes_result);
  }

  Task<Page> scan(Key prefix, Key after, std::size_t limit) override {
    check_limit(limit, max_page);
    auto invoke = [prefix, after, limit](const py::object& method) {
      return method(to_python(view(prefix)), to_python(view(after)), limit);
    };
    auto convert = [prefix, after, limit](py::handle result) {
      auto page = records_page_from(result);
      check_page(page.records, limit, after, page.more, [](const Record& each) -> const Key& { return each.key; });
      for (const auto& each : page.records) {
        if (!each.key.starts_with(prefix)) throw py::value_error("a key without the prefix");
      }
      return page;
    };
    co_return co_await python().call<Page>("scan", "a RecordsPage of (bytes, bytes)", invoke, convert);
  }

  Task<> commit(Batch batch) override {
    batch.validate();
    if (batch.empty()) co_return;
    auto invoke = [batch = std::move(batch)](const py::object& method) { return method(to_python(batch)); };
    co_await python().call<void>("commit", "None", invoke, nothing_from);
  }
};

class PythonWriter final : public BlobWriter {
 public:
  PythonWriter(std::shared_ptr<Mounted> python, SharedObject writer)
      : python_(std::move(python)), writer_(std::move(writer)) {}
  ~PythonWriter() override { python_->call_and_forget(writer_, "close"); }

  Task<> write(BytesView bytes) override {
    auto invoke = [copy = to_bytes(bytes)](const py::object& method) { return method(to_python(copy)); };
    co_await python_->call_on<void>(writer_, "write", "None", invoke, nothing_from);
  }
  Task<> commit(std::string id) override {
    if (!is_blob_id(id)) throw Error(Code::invalid, "'" + id + "' cannot name a blob");
    auto invoke = [id = std::move(id)](const py::object& method) { return method(to_python(id)); };
    co_await python_->call_on<void>(writer_, "commit", "None", invoke, nothing_from);
  }

 private:
  std::shared_ptr<Mounted> python_;
  SharedObject writer_;
};

class BlobsFacet : public virtual PythonComponent, public virtual Blobs {
 public:
  Task<std::unique_ptr<BlobWriter>> create() override {
    auto invoke = [](const py::object& method) { return method(); };
    auto convert = [python = python_](py::handle result) {
      return python->share(mount_function("check")("BlobWriter", result));
    };
    auto writer = co_await python().call<SharedObject>("create", "a drawbridge.BlobWriter", invoke, convert);
    co_return std::make_unique<PythonWriter>(python_, std::move(writer));
  }

  Task<std::optional<BlobInfo>> stat(std::string id) override {
    if (!is_blob_id(id)) co_return std::nullopt;
    auto invoke = [id](const py::object& method) { return method(to_python(id)); };
    auto convert = [id](py::handle result) -> std::optional<BlobInfo> {
      if (result.is_none()) return std::nullopt;
      auto info = blob_info_from(result);
      if (info.id != id) throw py::value_error("of another blob");
      return info;
    };
    co_return co_await python().call<std::optional<BlobInfo>>("stat", "a BlobInfo or None", invoke, convert);
  }

  Task<std::size_t> read(std::string id, std::uint64_t offset, MutableBytes out) override {
    if (!is_blob_id(id)) throw Error(Code::not_found, "no blob '" + id + "'");
    const auto size = out.size();
    offset = std::min(offset, furthest);
    auto invoke = [id, offset, size](const py::object& method) { return method(to_python(id), offset, size); };
    auto convert = [size](py::handle result) {
      const Borrowed part(result, false);
      if (part.size() > size) throw py::value_error("more than the " + std::to_string(size) + " that were asked for");
      return to_bytes(part.bytes());
    };
    const auto part = co_await python().call<Bytes>("read", "bytes", invoke, convert);
    std::ranges::copy(part, out.begin());
    co_return part.size();
  }

  Task<bool> erase(std::string id) override {
    if (!is_blob_id(id)) co_return false;
    auto invoke = [id](const py::object& method) { return method(to_python(id)); };
    co_return co_await python().call<bool>("erase", "True or False", invoke, bool_result);
  }

  Task<Page> list(std::string after, std::size_t limit) override {
    check_limit(limit, max_page);
    auto invoke = [after, limit](const py::object& method) { return method(to_python(after), limit); };
    auto convert = [after, limit](py::handle result) {
      auto page = blobs_page_from(result);
      check_page(page.blobs, limit, after, page.more,
                 [](const BlobInfo& each) -> const std::string& { return each.id; });
      return page;
    };
    co_return co_await python().call<Page>("list", "a BlobsPage of BlobInfo", invoke, convert);
  }
};

class PythonRecords final : public RecordsFacet {};
class PythonBlobs final : public BlobsFacet {};
class PythonStorage final : public RecordsFacet, public BlobsFacet {};

}  // namespace

std::shared_ptr<PythonComponent> make_records() {
  return std::make_shared<PythonRecords>();
}
std::shared_ptr<PythonComponent> make_blobs() {
  return std::make_shared<PythonBlobs>();
}
std::shared_ptr<PythonComponent> make_storage() {
  return std::make_shared<PythonStorage>();
}

}  // namespace drawbridge::python
