#include "drawbridge/assets.h"

#include <algorithm>
#include <cstring>

#include "module.h"

namespace drawbridge::python {
namespace {

constexpr std::size_t step_bytes = 1_MiB;

/// Content that Python lends.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Borrowed content) : content_(std::move(content)) {}
  Task<std::size_t> read(MutableBytes out) override {
    const auto rest = content_.bytes().subspan(at_);
    const auto part = rest.first(std::min(rest.size(), out.size()));
    std::ranges::copy(part, out.begin());
    at_ += part.size();
    co_return part.size();
  }

 private:
  Borrowed content_;
  std::size_t at_ = 0;
};

/// What `readinto(buffer) -> int` gives, called on the blocking pool.
class CallableSource final : public ByteSource {
 public:
  explicit CallableSource(Object readinto) : readinto_(std::move(readinto)) {}
  Task<std::size_t> read(MutableBytes out) override {
    std::size_t got = 0;
    const std::function<void()> work = [&] { got = call(out); };
    co_await workbench().runtime().run_blocking(work);
    co_return got;
  }

 private:
  std::size_t call(MutableBytes out) {
    const WithGil gil;
    if (!gil) throw Error(Code::unavailable, "the interpreter is ending");
    auto window = py::memoryview::from_memory(out.data(), static_cast<py::ssize_t>(out.size()));
    std::size_t got = 0;
    try {
      const auto answer = [&] {
        try {
          return readinto_.get()(window);
        } catch (py::error_already_set&) {
          window.attr("release")();
          throw;
        }
      }();
      window.attr("release")();  // the memory is not Python's to keep
      got = answer.cast<std::size_t>();
    } catch (const py::error_already_set& raised) {
      throw error_of(raised).within("reading the content");
    } catch (const py::cast_error&) {
      throw Error(Code::invalid, "reading the content: readinto did not return a number");
    }
    if (got > out.size()) throw Error(Code::invalid, "reading the content: more than was asked for");
    return got;
  }
  Object readinto_;
};

py::object text_or_none(const std::string& text) {
  return text.empty() ? py::object(py::none()) : py::object(to_python(text));
}

py::object info_object(const AssetInfo& info) {
  return value_class("AssetInfo")(
      to_python(info.asset), to_python(info.role), to_python(info.owner), to_python(info.grantees),
      to_python(info.info.name), to_python(info.info.type), info.content_size, info.envelope_size, to_python(info.time),
      to_python(std::optional(info.expires)), to_python(info.state), to_python(info.delivery), to_python(info.suite));
}

/// What a coroutine found, as a Python object that it makes with the GIL.
template <class Make>
Object made(Make make) {
  const WithGil gil;
  if (!gil) throw Error(Code::unavailable, "the interpreter is ending");
  return Object(make());
}

Task<Object> share_from(Use<Assets>& assets, ShareRequest& request, ByteSource& source) {
  const auto shared = co_await assets->share(std::move(request), source);
  co_return made([&] {
    return value_class("Shared")(to_python(shared.asset), to_python(shared.recipient), to_python(shared.suite),
                                 shared.key_version, to_python(shared.event), shared.content_size, shared.delivered);
  });
}

ShareRequest request_of(std::string recipient, std::string name, std::string type, std::optional<Timestamp> expires) {
  return {std::move(recipient), {std::move(name), std::move(type)}, expires};
}

Task<Object> share(Use<Assets> assets, Borrowed content, std::string recipient, std::string name, std::string type,
                   std::optional<Timestamp> expires) {
  MemorySource source(std::move(content));
  auto request = request_of(std::move(recipient), std::move(name), std::move(type), expires);
  co_return co_await share_from(assets, request, source);
}

Task<Object> share_callable(Use<Assets> assets, Object readinto, ShareRequest request) {
  CallableSource source(std::move(readinto));
  co_return co_await share_from(assets, request, source);
}

Task<std::shared_ptr<Kept<OpenAsset>>> open(Use<Assets> assets, std::string asset) {
  std::shared_ptr<OpenAsset> opened = co_await assets->open(std::move(asset));
  co_return Kept<OpenAsset>::make(assets.owner(), std::move(opened));
}

Task<std::size_t> fill(OpenAsset& asset, std::uint64_t offset, MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto part = out.subspan(done, std::min(out.size() - done, step_bytes));
    const std::size_t got = co_await asset.read(offset + done, part);
    done += got;
    if (got < part.size()) break;
  }
  co_return done;
}

Task<Filled> read(UseKept<OpenAsset> asset, std::uint64_t offset, std::optional<std::uint64_t> size) {
  const auto total = asset->info().content_size;
  const auto rest = total - std::min(offset, total);
  FreshBytes bytes(std::min(rest, size.value_or(rest)));
  const std::size_t got = co_await fill(*asset.operator->(), offset, bytes.writable());
  co_return Filled{std::move(bytes), got};
}

Task<std::size_t> readinto(UseKept<OpenAsset> asset, std::uint64_t offset, BorrowedWritable out) {
  co_return co_await fill(*asset.operator->(), offset, out.writable());
}

Task<Object> find(Use<Assets> assets, std::string asset) {
  const auto info = co_await assets->find(std::move(asset));
  co_return made([&] { return info ? info_object(*info) : py::object(py::none()); });
}

Task<Object> list(Use<Assets> assets, std::optional<Timestamp> from, std::optional<Timestamp> to, std::string recipient,
                  std::string role, std::string cursor, std::size_t limit) {
  AssetQuery query{from, to, std::move(recipient), std::move(role), std::move(cursor), limit};
  const auto page = co_await assets->list(std::move(query));
  co_return made([&] {
    py::list infos;
    for (const auto& info : page.assets) infos.append(info_object(info));
    return py::object(py::make_tuple(infos, to_python(page.cursor)));
  });
}

Task<Object> verify(Use<Assets> assets, std::string asset, bool deep) {
  auto found = co_await assets->verify(std::move(asset), deep);
  co_return made([&] {
    return value_class("Verification")(found.verified, text_or_none(found.reason), to_python(std::move(found.event)),
                                       to_python(found.checkpoint), to_python(found.proof));
  });
}

Task<std::string> proof(Use<Assets> assets, std::string asset) {
  co_return co_await assets->proof(std::move(asset));
}

Task<> revoke(Use<Assets> assets, std::string asset, std::optional<std::string> recipient) {
  co_await assets->revoke(std::move(asset), std::move(recipient));
}

Task<Object> export_chunk(Use<Assets> assets, std::string asset, std::uint64_t index) {
  auto chunk = co_await assets->export_chunk(std::move(asset), index);
  co_return made([&] {
    return value_class("PortableChunk")(chunk.index, chunk.count, to_python(std::move(chunk.key)),
                                        to_python(chunk.sealed));
  });
}

template <class Run>
auto share_by(Run run) {
  return [run](const Handle<Assets>& self, py::object readinto, std::string recipient, std::string name,
               std::string type, std::optional<Timestamp> expires) {
    return run(self.site(),
               share_callable(self.use(), Object(std::move(readinto)),
                              request_of(std::move(recipient), std::move(name), std::move(type), expires)));
  };
}

}  // namespace

void register_assets(py::module_& module) {
  using namespace py::literals;
  py::class_<Kept<OpenAsset>, std::shared_ptr<Kept<OpenAsset>>> opened(module, "OpenAsset");
  opened.def("info", [](const Kept<OpenAsset>& self) { return info_object(self.get("asset")->info()); });
  def_kept<OpenAsset>(opened, "read", "asset", read, "offset"_a, "size"_a);
  def_kept<OpenAsset>(opened, "readinto", "asset", readinto, "offset"_a, "out"_a);
  opened.def("drop", [](Kept<OpenAsset>& self) {
    const WithoutGil free;
    self.drop();
  });

  py::class_<Handle<Assets>> assets(module, "Assets");
  def(assets, "share", share, "content"_a, "recipient"_a, "name"_a, "type"_a, "expires"_a);
  assets.def("share_from", share_by([](Owner& site, Task<Object> task) { return run_now(site, std::move(task)); }));
  assets.def("ashare_from", share_by([](Owner& site, Task<Object> task) { return run_later(site, std::move(task)); }));
  def(assets, "open", open, "asset"_a);
  def(assets, "find", find, "asset"_a);
  def(assets, "list", list, "start"_a, "end"_a, "recipient"_a, "role"_a, "cursor"_a, "limit"_a);
  def(assets, "verify", verify, "asset"_a, "deep"_a);
  def(assets, "proof", proof, "asset"_a);
  def(assets, "revoke", revoke, "asset"_a, "recipient"_a);
  def(assets, "export_chunk", export_chunk, "asset"_a, "index"_a);
}

}  // namespace drawbridge::python
