#include "catalog.h"

#include <algorithm>

#include "drawbridge/cbor.h"

namespace drawbridge {
namespace {

constexpr std::string_view record_prefix = "asset/";
constexpr std::string_view time_prefix = "asset-time/";
constexpr std::size_t time_bytes = 8;
constexpr std::size_t max_scanned = 4096;

Key record_key(const std::string& asset) {
  return Key(record_prefix) + asset;
}
std::string secret_name(const std::string& asset) {
  return "asset/" + asset;
}

/// Inverted, so that the newest comes first.
Key time_key(Timestamp time) {
  Bytes key = to_bytes(time_prefix);
  append_u64be(key, ~static_cast<std::uint64_t>(unix_ms(time)));
  return to_text(key);
}

Timestamp time_of(const Key& key) {
  return from_unix_ms(static_cast<std::int64_t>(~load_u64be(view(key).subspan(time_prefix.size()))));
}

Bytes encode_record(const AssetRecord& record) {
  CborArray grantees;
  for (const auto& grantee : record.grantees) grantees.emplace_back(grantee);
  CborMap map{{"owned", record.owned},           {"owner", record.owner},
              {"grantees", std::move(grantees)}, {"envelope_size", record.envelope_size},
              {"time", unix_ms(record.time)},    {"suite", record.suite},
              {"delivered", record.delivered}};
  if (record.expires) map.emplace("expires", unix_ms(*record.expires));
  if (record.revoked) map.emplace("revoked", unix_ms(*record.revoked));
  return encode(map);
}

AssetRecord decode_record(std::string asset, BytesView bytes) {
  const Cbor cbor = decode_cbor(bytes);
  AssetRecord record;
  record.asset = std::move(asset);
  record.owned = cbor.at("owned").boolean();
  record.owner = cbor.at("owner").text();
  for (const auto& grantee : cbor.at("grantees").array()) record.grantees.push_back(grantee.text());
  record.envelope_size = cbor.at("envelope_size").unsigned_integer();
  record.time = from_unix_ms(cbor.at("time").integer());
  record.suite = cbor.at("suite").text();
  record.delivered = cbor.at("delivered").boolean();
  if (const Cbor* expires = cbor.find("expires")) record.expires = from_unix_ms(expires->integer());
  if (const Cbor* revoked = cbor.find("revoked")) record.revoked = from_unix_ms(revoked->integer());
  return record;
}

Secret encode_secret(const AssetSecret& secret) {
  return Secret(encode(CborMap{{"key", secret.data_key.bytes()},
                               {"name", secret.info.name},
                               {"type", secret.info.type},
                               {"size", secret.content_size}}));
}

AssetSecret decode_secret(const Secret& secret) {
  const Cbor cbor = decode_cbor(secret.bytes());
  return {Secret::copy_of(cbor.at("key").bytes()),
          {cbor.at("name").text(), cbor.at("type").text()},
          cbor.at("size").unsigned_integer()};
}

bool wanted(const AssetRecord& record, const AssetQuery& query) {
  if (query.role == "owner" && !record.owned) return false;
  if (query.role == "grantee" && record.owned) return false;
  return query.recipient.empty() ||
         std::find(record.grantees.begin(), record.grantees.end(), query.recipient) != record.grantees.end();
}

}  // namespace

void Catalog::add(Batch& batch, const AssetRecord& record, const AssetSecret& secret) const {
  batch.expect_absent(record_key(record.asset));
  batch.put(record_key(record.asset), encode_record(record));
  batch.put(time_key(record.time) + record.asset, {});
  const std::string name = secret_name(record.asset);
  batch.put(Keyring::record_key(name), keyring_.seal(name, encode_secret(secret)));
}

void Catalog::remove(Batch& batch, const std::string& asset, Timestamp time) const {
  batch.erase(record_key(asset));
  batch.erase(time_key(time) + asset);
  batch.erase(Keyring::record_key(secret_name(asset)));
}

Task<std::optional<AssetRecord>> Catalog::find(std::string asset) const {
  const auto stored = co_await records_.get(record_key(asset));
  if (!stored) co_return std::nullopt;
  co_return decode_record(std::move(asset), *stored);
}

Task<AssetSecret> Catalog::secret(std::string asset) const {
  const std::string name = secret_name(asset);
  const auto sealed = co_await records_.get(Keyring::record_key(name));
  if (!sealed) throw Error(Code::corrupt, "the key of " + asset + " is missing", "restore the records from a backup");
  co_return decode_secret(keyring_.open(name, *sealed));
}

Task<> Catalog::put_secret(std::string asset, AssetSecret secret) const {
  const std::string name = secret_name(asset);
  Batch batch;
  batch.put(Keyring::record_key(name), keyring_.seal(name, encode_secret(secret)));
  co_await records_.commit(std::move(batch));
}

Task<> Catalog::update(std::string asset, std::function<void(AssetRecord&)> change) const {
  const Key key = record_key(asset);
  for (bool done = false; !done;) {
    auto stored = co_await records_.get(key);
    if (!stored) co_return;
    AssetRecord record = decode_record(asset, *stored);
    change(record);
    Bytes next = encode_record(record);
    if (next == *stored) co_return;
    Batch batch;
    batch.expect(key, std::move(*stored)).put(key, std::move(next));
    try {
      co_await records_.commit(std::move(batch));
      done = true;
    } catch (const Error& error) {
      if (error.code() != Code::conflict) throw;
    }
  }
}

Task<Catalog::Page> Catalog::list(AssetQuery query) const {
  Page out;
  Key after;
  if (!query.cursor.empty()) {
    const auto cursor = from_base64url(query.cursor);
    if (!cursor || !text_view(*cursor).starts_with(time_prefix) || cursor->size() < time_prefix.size() + time_bytes) {
      throw Error(Code::invalid, "the cursor is not one of this list");
    }
    after = to_text(*cursor);
  } else if (query.to) {
    after = time_key(*query.to) + "\xff";
  }
  std::size_t scanned = 0;
  for (;;) {
    const Records::Page page = co_await records_.scan(Key(time_prefix), after, 256);
    for (std::size_t i = 0; i < page.records.size(); ++i) {
      after = page.records[i].key;
      if (query.from && time_of(after) < *query.from) co_return out;
      auto record = co_await find(after.substr(time_prefix.size() + time_bytes));
      if (record && wanted(*record, query)) out.records.push_back(std::move(*record));
      const bool more = page.more || i + 1 < page.records.size();
      if (!more) co_return out;
      if (out.records.size() == query.limit || ++scanned == max_scanned) {
        out.cursor = to_base64url(view(after));
        co_return out;
      }
    }
    if (!page.more) co_return out;
  }
}

}  // namespace drawbridge
