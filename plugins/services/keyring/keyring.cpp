// service.keyring: the versioned keys under which a node's secrets are kept.
//
// A sealed secret is u32be version, then what the suite's seal_small made under that version's key, bound to the
// secret's name.
#include "drawbridge/keyring.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "drawbridge/handover.h"
#include "drawbridge/host.h"
#include "drawbridge/options.h"
#include "drawbridge/plugin.h"
#include "key_file.h"

namespace drawbridge {
namespace {

constexpr std::size_t version_bytes = 4;
constexpr std::uint64_t max_secret_bytes = 1_MiB;
constexpr std::size_t rewrap_step = 256;

/// The unlocked keys. Shared with a successor that unlocks the same file with the same password: it need not derive the
/// master key again, and a version that one of the two adds is known to both.
struct Unlocked {
  mutable std::shared_mutex mutex;
  std::optional<KeyFile> file;
};

class KeyringService final : public Keyring {
 public:
  void options(Options& o) override {
    o.use("records", records_, "Where the sealed secrets are kept, by this component and by those that seal with it.");
    o.use("suite", suite_, "Seals the keys and derives the master key from the password.");
    o.required_path("key_file", key_file_,
                    "The versioned keys, sealed under the master password; made at the first start.");
    o.secret("password", password_, "The master password.");
  }

  Task<> start(Host& host) override {
    host_ = &host;
    if (const auto old = adopt<KeyringService>(host); old && same_keys(*old) && keys_.join(old->keys_)) co_return;
    const auto begin = std::chrono::steady_clock::now();
    const auto work = [this] { return open_or_create(); };
    auto file = co_await host.blocking(work);
    const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
    host.log().info("derived the master key in {} ms", took.count());
    const auto keys = std::make_shared<Unlocked>();
    keys->file.emplace(std::move(file));
    keys_.begin(keys);
  }

  Task<> stop() override {
    if (keys_.leave()) {
      const std::unique_lock lock(keys_->mutex);
      keys_->file.reset();
    }
    co_return;
  }

  Bytes seal(std::string_view name, const Secret& secret) const override {
    if (secret.size() > max_secret_bytes) throw Error(Code::too_large, "a secret has at most 1MiB");
    const std::shared_lock lock(keys().mutex);
    Bytes out;
    append_u32be(out, file().current());
    append(out, suite_->seal_small(file().versions().at(file().current()).key, view(name), secret.bytes()));
    return out;
  }

  Secret open(std::string_view name, BytesView sealed) const override {
    const std::shared_lock lock(keys().mutex);
    if (sealed.size() > version_bytes) {
      const auto version = file().versions().find(load_u32be(sealed));
      if (version != file().versions().end()) {
        return suite_->open_small(version->second.key, view(name), sealed.subspan(version_bytes));
      }
    }
    throw Error(Code::cannot_open, "a stored secret does not open");
  }

  std::uint32_t current_version() const override {
    const std::shared_lock lock(keys().mutex);
    return file().current();
  }

  std::vector<KeyVersion> versions() const override {
    const std::shared_lock lock(keys().mutex);
    std::vector<KeyVersion> out;
    for (const auto& [version, entry] : file().versions()) {
      out.push_back({version, entry.created, version == file().current()});
    }
    return out;
  }

  Task<std::uint32_t> rotate() override {
    const std::uint32_t version = co_await host_->blocking([this] {
      // Saved before it is used: a key that sealed something must never be lost. Readers wait for the disk here, once
      // in months.
      const std::unique_lock lock(keys().mutex);
      KeyFile next = file().clone();
      const std::uint32_t added = next.add_version(host_->random(), host_->clock().now());
      next.save(key_file_, *suite_);
      keys_->file.emplace(std::move(next));
      return added;
    });
    host_->log().info("key version {} is current now", version);
    co_return version;
  }

  Task<Rewrapped> rewrap(std::function<void(std::uint64_t, std::uint64_t)> progress) override {
    Rewrapped result;
    const std::uint32_t target = current_version();
    std::uint64_t seen = 0;
    Key after;
    for (bool more = true; more;) {
      const Records::Page page = co_await records_->scan(record_key(""), after, rewrap_step);
      for (const Record& record : page.records) {
        after = record.key;
        ++seen;
        if (co_await rewrap_one(record, target)) ++result.records;
      }
      if (progress) progress(result.records, seen);
      more = page.more;
    }
    for (const KeyVersion& version : versions()) {
      if (version.version < target) result.unused.push_back(version.version);
    }
    co_return result;
  }

 private:
  bool same_keys(const KeyringService& old) const {
    return key_file_ == old.key_file_ && suite_->suite() == old.suite_->suite() &&
           password_.equals(old.password_.bytes());
  }

  KeyFile open_or_create() {
    if (std::filesystem::exists(key_file_)) return KeyFile::load(key_file_, *suite_, password_);
    KeyFile file = KeyFile::create(*suite_, password_, host_->random(), host_->clock().now());
    const auto folder = std::filesystem::path(key_file_).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder);
    file.save(key_file_, *suite_);
    host_->log().info("made the key file {}", key_file_);
    return file;
  }

  /// Seals one record anew. A record that changed meanwhile is looked at again: its writer may have sealed before the
  /// rotation.
  Task<bool> rewrap_one(Record record, std::uint32_t target) {
    const std::string name = record.key.substr(record_key("").size());
    for (;;) {
      if (record.value.size() > version_bytes && load_u32be(record.value) >= target) co_return false;
      try {
        Bytes sealed = seal(name, open(name, record.value));
        Batch batch;
        batch.expect(record.key, std::move(record.value)).put(record.key, std::move(sealed));
        co_await records_->commit(std::move(batch));
        co_return true;
      } catch (const Error& error) {
        if (error.code() != Code::conflict) throw error.within("rewrap '" + name + "'");
      }
      auto changed = co_await records_->get(record.key);
      if (!changed) co_return false;
      record.value = std::move(*changed);
    }
  }

  Unlocked& keys() const {
    if (!keys_) throw Error(Code::unavailable, "the keyring is not open");
    return *keys_;
  }
  /// With the lock held.
  const KeyFile& file() const {
    if (!keys_->file) throw Error(Code::unavailable, "the keyring is not open");
    return *keys_->file;
  }

  Ref<Records> records_;
  Ref<CipherSuite> suite_;
  std::string key_file_;
  Secret password_;
  Host* host_ = nullptr;
  Handover<Unlocked> keys_;
};

}  // namespace

DRAWBRIDGE_PLUGIN(KeyringService, "service.keyring", "0.1.0",
                  "Keeps secrets at rest: versioned keys under a master password, with rotation.")

}  // namespace drawbridge
