#include "drawbridge/records.h"

#include "module.h"
#include "values.h"

namespace drawbridge::python {
namespace {

constexpr std::size_t prefetch_limit = Records::max_page;

Task<std::optional<Bytes>> get(Records& records, KeyArgument key) {
  return records.get(std::move(key.value));
}

Task<std::optional<Buffer>> get_buffer(Use<Records> records, KeyArgument key) {
  auto value = co_await records->get(std::move(key.value));
  if (!value) co_return std::nullopt;
  co_return Buffer{std::move(*value)};
}

Task<Present> has(Use<Records> records, KeyArgument key) {
  const auto value = co_await records->get(std::move(key.value));
  co_return Present{value.has_value()};
}

Task<Records::Page> scan(Records& records, KeyArgument prefix, KeyArgument after, std::size_t limit) {
  return records.scan(std::move(prefix.value), std::move(after.value), limit);
}

Task<> commit(Records& records, Batch batch) {
  return records.commit(std::move(batch));
}

Task<> put(Records& records, KeyArgument key, Borrowed value) {
  Batch batch;
  batch.put(std::move(key.value), to_bytes(value.bytes()));
  return records.commit(std::move(batch));
}

Task<> erase(Records& records, KeyArgument key) {
  Batch batch;
  batch.erase(std::move(key.value));
  return records.commit(std::move(batch));
}

}  // namespace

void register_records(py::module_& module) {
  using namespace py::literals;
  py::class_<Handle<Records>> records(module, "Records");
  def_direct(records, "get", get, "key"_a);
  def(records, "get_buffer", get_buffer, "key"_a);
  def(records, "has", has, "key"_a);
  def_direct(records, "scan", scan, "prefix"_a, "after"_a, "limit"_a = prefetch_limit);
  def_direct(records, "commit", commit, "batch"_a);
  def_direct(records, "put", put, "key"_a, "value"_a);
  def_direct(records, "erase", erase, "key"_a);
}

}  // namespace drawbridge::python
