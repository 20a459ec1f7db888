#include "drawbridge/blobs.h"

#include <algorithm>

#include "module.h"
#include "values.h"

namespace drawbridge::python {
namespace {

/// Large reads and writes go in steps, so that a cancelled one ends. A storage in memory grows with each write, so
/// those are larger.
constexpr std::size_t step_bytes = 8_MiB;
constexpr std::size_t write_bytes = 256_MiB;

using Writer = Kept<BlobWriter>;

Task<std::shared_ptr<Writer>> create(Use<Blobs> blobs) {
  auto writer = co_await blobs->create();
  co_return Writer::make(blobs.owner(), std::move(writer));
}

Task<> write_all(BlobWriter& writer, BytesView bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min<std::size_t>(bytes.size(), write_bytes));
    co_await writer.write(part);
    bytes = bytes.subspan(part.size());
  }
}

Task<> put(Use<Blobs> blobs, std::string id, Borrowed content) {
  const auto writer = co_await blobs->create();
  co_await write_all(*writer, content.bytes());
  co_await writer->commit(std::move(id));
}

Task<std::optional<BlobInfo>> stat(Use<Blobs> blobs, std::string id) {
  co_return co_await blobs->stat(std::move(id));
}

/// Fills `out` as far as the blob goes.
Task<std::size_t> read_into(Blobs& blobs, const std::string& id, std::uint64_t offset, MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto part = out.subspan(done, std::min(out.size() - done, step_bytes));
    const std::size_t got = co_await blobs.read(id, offset + done, part);
    done += got;
    if (got < part.size()) break;
  }
  co_return done;
}

Task<Filled> read(Use<Blobs> blobs, std::string id, std::uint64_t offset, std::optional<std::uint64_t> size) {
  const auto info = co_await blobs->stat(id);
  if (!info) throw Error(Code::not_found, "no blob '" + id + "'");
  const auto rest = info->size - std::min(offset, info->size);
  FreshBytes bytes(std::min(rest, size.value_or(rest)));
  const std::size_t got = co_await read_into(*blobs, id, offset, bytes.writable());
  co_return Filled{std::move(bytes), got};
}

Task<std::size_t> readinto(Use<Blobs> blobs, std::string id, std::uint64_t offset, BorrowedWritable out) {
  co_return co_await read_into(*blobs, id, offset, out.writable());
}

Task<Present> erase(Use<Blobs> blobs, std::string id) {
  const bool was = co_await blobs->erase(std::move(id));
  co_return Present{was};
}

Task<Blobs::Page> list(Use<Blobs> blobs, std::string after, std::size_t limit) {
  co_return co_await blobs->list(std::move(after), limit);
}

Task<> write(UseKept<BlobWriter> writer, Borrowed bytes) {
  co_await write_all(*writer.operator->(), bytes.bytes());
}

Task<> commit(UseKept<BlobWriter> writer, std::string id) {
  co_await writer->commit(std::move(id));
}

}  // namespace

void register_blobs(py::module_& module) {
  using namespace py::literals;
  py::class_<Writer, std::shared_ptr<Writer>> writer(module, "BlobWriter");
  def_kept<BlobWriter>(writer, "write", "writer", write, "content"_a);
  def_kept<BlobWriter>(writer, "commit", "writer", commit, "id"_a);
  writer.def("drop", [](Writer& self) {
    const WithoutGil free;
    self.drop();
  });

  py::class_<Handle<Blobs>> blobs(module, "Blobs");
  def(blobs, "create", create);
  def(blobs, "put", put, "id"_a, "content"_a);
  def(blobs, "stat", stat, "id"_a);
  def(blobs, "read", read, "id"_a, "offset"_a = 0, "size"_a = py::none());
  def(blobs, "readinto", readinto, "id"_a, "offset"_a, "out"_a);
  def(blobs, "erase", erase, "id"_a);
  def(blobs, "list", list, "after"_a = "", "limit"_a = Blobs::max_page);
}

}  // namespace drawbridge::python
