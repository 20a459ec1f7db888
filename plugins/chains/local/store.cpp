#include "store.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "drawbridge/cbor.h"

namespace drawbridge {
namespace {

constexpr std::string_view entry_prefix = "ledger/entry/";
constexpr std::string_view opening_prefix = "ledger/opening/";
constexpr std::size_t hash_bytes = sizeof(Digest);
constexpr std::size_t number_digits = 16;

std::string number(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::uint64_t number_at_end(const Key& key) {
  std::uint64_t value = 0;
  const char* end = key.data() + key.size();
  const char* begin = end - std::min(number_digits, key.size());
  if (std::from_chars(begin, end, value, 16).ptr != end || !key.ends_with(number(value))) {
    throw damage("record '" + key + "': not a key of the ledger");
  }
  return value;
}

Opening read_opening(std::uint64_t index, const Bytes& bytes) {
  try {
    const Cbor map = decode_cbor(bytes);
    return {map.at("salt").bytes(), map.at("details").bytes()};
  } catch (const Error& error) {
    throw damage(fmt::format("opening {}: {}", index, error.what()));
  }
}

Hashes read_tile(TileId tile, const Bytes& bytes) {
  if (bytes.size() % hash_bytes != 0 || bytes.size() > tile_width * hash_bytes) {
    throw damage(fmt::format("{}: {} bytes are not 1 to 256 hashes", tile.name(), bytes.size()));
  }
  Hashes hashes(bytes.size() / hash_bytes);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * hash_bytes), hash_bytes, hashes[i].begin());
  }
  return hashes;
}

}  // namespace

Key tile_key(TileId tile) {
  return fmt::format("ledger/tile/{:02x}/{}", tile.level, number(tile.index));
}
Key entry_key(std::uint64_t index) {
  return std::string(entry_prefix) + number(index);
}
Key opening_key(std::uint64_t index) {
  return std::string(opening_prefix) + number(index);
}
Key subject_prefix(std::string_view subject) {
  return "ledger/subject/" + to_hex(sha256(view(subject))) + "/";
}
Key subject_key(std::string_view subject, std::uint64_t index) {
  return subject_prefix(subject) + number(index);
}

Bytes tile_bytes(const Hashes& hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * hash_bytes);
  for (const Digest& hash : hashes) append(bytes, BytesView(hash));
  return bytes;
}

Bytes opening_bytes(const Opening& opening) {
  CborMap map;
  map.emplace("salt", opening.salt);
  map.emplace("details", opening.details);
  return encode(Cbor(std::move(map)));
}

Error damage(const std::string& what) {
  return {Code::corrupt, "ledger: " + what, "restore this node's records from a backup"};
}

Task<std::optional<std::string>> Store::checkpoint() const {
  const std::optional<Bytes> note = co_await records_->get(Key(checkpoint_key));
  if (!note) co_return std::nullopt;
  co_return to_text(*note);
}

Task<bool> Store::empty() const {
  const Records::Page page = co_await records_->scan(Key(ledger_prefix), Key(), 1);
  co_return page.records.empty();
}

Task<bool> Store::has(Key key) const {
  const std::optional<Bytes> value = co_await records_->get(std::move(key));
  co_return value.has_value();
}

Task<std::uint64_t> Store::stored_width(TileId tile) const {
  const std::optional<Bytes> bytes = co_await records_->get(tile_key(tile));
  co_return bytes ? read_tile(tile, *bytes).size() : 0;
}

Task<Hashes> Store::tile(TileId tile, std::uint64_t size) const {
  const std::optional<Bytes> bytes = co_await records_->get(tile_key(tile));
  if (!bytes) throw damage(tile.name() + ": missing");
  Hashes hashes = read_tile(tile, *bytes);
  const std::uint64_t wanted = width(tile, size);
  if (hashes.size() < wanted) {
    throw damage(
        fmt::format("{}: {} hashes, where a log of {} entries has {}", tile.name(), hashes.size(), size, wanted));
  }
  hashes.resize(wanted);
  co_return hashes;
}

Task<Tiles> Store::tiles(std::set<TileId> ids, std::uint64_t size) const {
  Tiles out;
  for (const TileId& id : ids) {
    Hashes hashes = co_await tile(id, size);
    out.put(id, std::move(hashes));
  }
  co_return out;
}

Task<std::map<std::uint64_t, Bytes>> Store::range(Key prefix, std::uint64_t from, std::uint64_t count) const {
  std::map<std::uint64_t, Bytes> out;
  Key after = from == 0 ? Key() : prefix + number(from - 1);
  for (bool more = count > 0; more;) {
    const std::size_t limit = std::min<std::uint64_t>(count - out.size(), Records::max_page);
    Records::Page page = co_await records_->scan(prefix, after, limit);
    more = page.more;
    for (Record& record : page.records) {
      const std::uint64_t index = number_at_end(record.key);
      if (index >= from + count) co_return out;
      out.emplace(index, std::move(record.value));
      after = std::move(record.key);
    }
    if (out.size() == count) break;
  }
  co_return out;
}

Task<std::vector<Bytes>> Store::entries(std::uint64_t from, std::uint64_t count) const {
  std::map<std::uint64_t, Bytes> found = co_await range(Key(entry_prefix), from, count);
  std::vector<Bytes> out;
  out.reserve(count);
  for (auto& [index, bytes] : found) {
    if (index != from + out.size()) break;
    out.push_back(std::move(bytes));
  }
  if (out.size() < count) throw damage(fmt::format("entry {}: missing", from + out.size()));
  co_return out;
}

Task<std::map<std::uint64_t, Opening>> Store::openings(std::uint64_t from, std::uint64_t count) const {
  const std::map<std::uint64_t, Bytes> found = co_await range(Key(opening_prefix), from, count);
  std::map<std::uint64_t, Opening> out;
  for (const auto& [index, bytes] : found) out.emplace(index, read_opening(index, bytes));
  co_return out;
}

Task<std::vector<std::uint64_t>> Store::subject(std::string name, std::size_t limit) const {
  const Records::Page page = co_await records_->scan(subject_prefix(name), Key(), limit);
  std::vector<std::uint64_t> out;
  for (const Record& record : page.records) out.push_back(number_at_end(record.key));
  co_return out;
}

}  // namespace drawbridge
