#include "good.h"

#include <fcntl.h>
#include <unistd.h>

#include "drawbridge/cbor.h"
#include "drawbridge/files.h"

namespace drawbridge::good {
namespace {

/// A committed batch in the log: its length in eight bytes, then {key: value, or null where it is erased}.
Bytes encode_entry(const Batch& batch) {
  CborMap changes;
  for (const auto& [key, value] : batch.changes()) {
    changes.insert_or_assign(to_hex(view(key)), value ? Cbor(*value) : Cbor());
  }
  const Bytes body = encode(changes);
  Bytes out = to_bytes(std::to_string(10'000'000'000 + body.size()));
  append(out, BytesView(body));
  return out;
}

}  // namespace

void GoodRecords::options(Options& o) {
  o.required_path("path", path_, "The file that keeps the records.");
}

Task<> GoodRecords::start(Host& host) {
  host_ = &host;
  co_await host.blocking([this] { read_log(); });
}

Task<> GoodRecords::stop() {
  const std::lock_guard lock(mutex_);
  if (log_ >= 0) ::close(log_);
  log_ = -1;
  co_return;
}

void GoodRecords::read_log() {
  const std::lock_guard lock(mutex_);
  log_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_ < 0) throw Error(Code::unavailable, "cannot open " + path_);
  constexpr std::size_t head = 11;
  const Bytes log = read_file(path_, 4096_MiB);
  for (BytesView rest = log; !rest.empty();) {
    const auto size = std::stoull(to_text(rest.first(head))) - 10'000'000'000;
    const Cbor entry = decode_cbor(rest.subspan(head, size));
    for (const auto& [name, value] : entry.map()) {
      const Key key = to_text(from_hex(name).value());
      if (value.is_null()) {
        records_.erase(key);
      } else {
        records_.insert_or_assign(key, value.bytes());
      }
    }
    rest = rest.subspan(head + size);
  }
}

Task<std::optional<Bytes>> GoodRecords::get(Key key) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(key);
  co_return found == records_.end() ? std::nullopt : std::optional(found->second);
}

Task<Records::Page> GoodRecords::scan(Key prefix, Key after, std::size_t limit) {
  if (limit < 1 || limit > max_page) throw Error(Code::invalid, "a page has 1 to 4096 records");
  Page page;
  std::uint64_t bytes = 0;
  const std::lock_guard lock(mutex_);
  auto at = after < prefix ? records_.lower_bound(prefix) : records_.upper_bound(after);
  for (; at != records_.end() && at->first.starts_with(prefix) && !page.more; ++at) {
    page.more = page.records.size() == limit || bytes > max_page_bytes;
    if (!page.more) page.records.push_back({at->first, at->second});
    bytes += at->second.size();
  }
  co_return page;
}

Task<> GoodRecords::commit(Batch batch) {
  batch.validate();
  co_await host_->blocking([&] { apply(batch); });
}

void GoodRecords::apply(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, value] : batch.expectations()) {
    const auto found = records_.find(key);
    const bool holds = value ? found != records_.end() && found->second == *value : found == records_.end();
    if (!holds) throw Error(Code::conflict, "a precondition of the batch does not hold");
  }
  const Bytes entry = encode_entry(batch);
  if (::write(log_, entry.data(), entry.size()) != static_cast<ssize_t>(entry.size())) {
    throw Error(Code::unavailable, "cannot write " + path_);
  }
  for (const auto& [key, value] : batch.changes()) {
    if (value) {
      records_.insert_or_assign(key, *value);
    } else {
      records_.erase(key);
    }
  }
}

}  // namespace drawbridge::good
