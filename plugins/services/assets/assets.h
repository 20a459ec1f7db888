#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "catalog.h"
#include "delivery.h"
#include "drawbridge/assets.h"
#include "drawbridge/blobs.h"
#include "drawbridge/cipher_suite.h"
#include "drawbridge/identity.h"
#include "drawbridge/keeper.h"
#include "drawbridge/keyring.h"
#include "drawbridge/ledger.h"
#include "drawbridge/transport.h"
#include "drawbridge/turns.h"
#include "prefetch.h"
#include "protocol.h"

namespace drawbridge {

/// service.assets. The owner's side is in sharing.cpp, the grantee's in receiving.cpp, what both have in assets.cpp.
class AssetsService final : public Assets, public std::enable_shared_from_this<AssetsService> {
 public:
  void options(Options& o) override;
  Task<> start(Host& host) override;
  Task<> stop() override;

  Task<Shared> share(ShareRequest request, ByteSource& content) override;
  Task<std::unique_ptr<OpenAsset>> open(std::string asset) override;
  Task<std::optional<AssetInfo>> find(std::string asset) override;
  Task<Page> list(AssetQuery query) override;
  Task<Verification> verify(std::string asset, bool deep) override;
  Task<std::string> proof(std::string asset) override;
  Task<> revoke(std::string asset, std::optional<std::string> recipient) override;
  Task<PortableChunk> export_chunk(std::string asset, std::uint64_t index) override;
  Task<std::uint64_t> pending() override;

 private:
  struct Opened;
  /// A share that may have stored something, once it has an asset.
  struct Begun {
    std::string asset;
    std::string grantee;
    Timestamp time{};
  };

  /// What generations of this component share.
  struct Common {
    std::mutex mutex;
    std::vector<AssetsService*> serving;  ///< Between start and stop; the last one gets the peers' streams.
    Turns accepting;                      ///< By asset.
    Turns fetching;                       ///< By asset.
    Turns spools;                         ///< By prefix: each spool has one worker at a time.
  };
  class Visit;
  void serve_streams();
  bool leave_streams();
  static Task<> serve_by_newest(std::shared_ptr<Common> common, std::shared_ptr<Stream> stream);

  // assets.cpp
  std::string canonical(std::string_view asset) const;
  std::string resolve(const std::string& recipient) const;
  Card card_of(const std::string& node_id) const;
  Task<AssetInfo> describe(AssetRecord record);
  std::string state_of(const AssetRecord& record) const;
  Task<LedgerEvent> record_event(std::string type, std::string asset, std::string owner, std::string grantee);
  Task<> record_once(std::string type, std::string asset, std::string owner, std::string grantee);
  Task<std::unique_ptr<Opened>> open_envelope(std::string asset);
  Task<Digest> hash_stored(std::string asset);

  // unfinished.cpp: shares that failed on their way
  Task<> note_begun(Begun& begun, std::string asset);
  static void note_ended(Batch& batch, const std::string& asset);
  Task<> abandon(Begun begun);
  Task<> try_abandon(Begun begun);
  Task<> remove_unfinished();

  // sharing.cpp: the owner
  Task<Bytes> seal_and_record(const ShareRequest& request, ByteSource& content, Begun& begun, Shared& out);
  void withdraw_announcement(Batch& batch, const std::string& asset, const std::string& grantee) const;
  Task<std::optional<Bytes>> announce(Grant grant, Secret data_key, std::uint64_t envelope_size, Shared& out);
  Task<bool> deliver_now(std::string peer, std::string what, Bytes message);
  Task<> send(std::string peer, std::string what, Bytes message);
  Task<Bytes> on_release(std::string asset, std::string peer);
  Task<> on_fetch(std::string asset, Stream& stream);

  // receiving.cpp: the grantee
  Task<> on_stream(std::shared_ptr<Stream> stream);
  Task<> accept(Bytes announcement, std::string peer);
  Task<> on_revoked(std::string asset, std::string peer);
  Task<Secret> obtain_key(const AssetRecord& record);
  Task<Released> ask_release(std::string owner, std::string asset);
  std::vector<std::string> peers_to_ask() const;
  Task<> locate(std::string asset);
  Task<> fetch_ahead(std::string owner, std::string asset, std::uint64_t envelope_size);
  Task<> fetch(std::string owner, std::string asset, std::uint64_t envelope_size);

  Ref<Blobs> blobs_;
  Ref<Records> records_;
  Ref<CipherSuite> suite_;
  Ref<Keyring> keyring_;
  Ref<Identity> identity_;
  Ref<Keeper> keeper_;
  Ref<Ledger> ledger_;
  Ref<Transport> transport_;
  bool prefetch_ = true;
  PrefetchQuota::Limits prefetch_limits_{2_GiB, 8_GiB};
  Milliseconds deliver_within_{2000};
  Milliseconds peer_timeout_{10'000};
  Milliseconds keep_{30LL * 24 * 3600 * 1000};

  Host* host_ = nullptr;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Spool> outbox_;
  std::unique_ptr<Spool> inbox_;  // announced envelopes that are still to be fetched
  std::unique_ptr<PrefetchQuota> prefetched_;
  std::shared_ptr<Common> common_;
  std::atomic<std::uint32_t> visits_{0};  ///< Streams that are being served.
};

}  // namespace drawbridge
