// The key functions of the interfaces: their type information lives here once, so that casts work across libraries.
#include "drawbridge/access.h"
#include "drawbridge/assets.h"
#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/clock.h"
#include "drawbridge/component.h"
#include "drawbridge/differences.h"
#include "drawbridge/host.h"
#include "drawbridge/identity.h"
#include "drawbridge/keeper.h"
#include "drawbridge/keyring.h"
#include "drawbridge/ledger.h"
#include "drawbridge/log.h"
#include "drawbridge/options.h"
#include "drawbridge/records.h"
#include "drawbridge/selector.h"
#include "drawbridge/transport.h"

namespace drawbridge {

Component::~Component() = default;
Selector::~Selector() = default;
void Component::options(Options&) {}
Task<> Component::start(Host&) {
  co_return;
}
Task<> Component::stop() {
  co_return;
}
Health Component::health() const {
  return {};
}

std::string_view name(Health::State state) {
  switch (state) {
    case Health::State::ok:
      return "ok";
    case Health::State::degraded:
      return "degraded";
    case Health::State::failed:
      break;
  }
  return "failed";
}

Host::~Host() = default;
std::shared_ptr<Component> Host::predecessor() const {
  return nullptr;
}
Task<ReloadReport> Host::reload() {
  throw Error(Code::unsupported, "this host cannot reload");
  co_return ReloadReport{};
}
Clock::~Clock() = default;
Logger::~Logger() = default;
Options::~Options() = default;

Differences::~Differences() = default;
Records::~Records() = default;
BlobWriter::~BlobWriter() = default;
Blobs::~Blobs() = default;
Hasher::~Hasher() = default;
ChunkCipher::~ChunkCipher() = default;
Secret ChunkCipher::portable_key(std::uint64_t, bool) const {
  return {};
}
CipherSuite::~CipherSuite() = default;
Stream::~Stream() = default;
Transport::~Transport() = default;
Ledger::~Ledger() = default;
Keeper::~Keeper() = default;
Task<> Keeper::forget(std::string asset, std::string grantee) {
  try {
    co_await revoke(std::move(asset), std::move(grantee));
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
  }
}
Identity::~Identity() = default;
Keyring::~Keyring() = default;
Key Keyring::record_key(std::string_view name) {
  return "key/" + std::string(name);
}
Access::~Access() = default;
ByteSource::~ByteSource() = default;
OpenAsset::~OpenAsset() = default;
Assets::~Assets() = default;

bool ApiClient::may(std::string_view scope) const {
  for (const auto& own : scopes) {
    if (own == scope || own == "admin") return true;
  }
  return false;
}

}  // namespace drawbridge
