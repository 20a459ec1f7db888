// The content hash of a storage.
#include "drawbridge/hash.h"
#include "drawbridge/storage.h"
#include "kernel/cli/storage_copy.h"
#include "kernel/problems.h"

namespace drawbridge::cli {
namespace {

constexpr std::size_t page_size = 1024;
constexpr std::size_t piece_bytes = 1_MiB;

class ContentHash {
 public:
  ContentHash() { hash_.update("drawbridge.content/1\n"); }

  void start(char kind, std::string_view name, std::uint64_t size) {
    Bytes head{static_cast<std::uint8_t>(kind)};
    append_u32be(head, static_cast<std::uint32_t>(name.size()));
    append(head, name);
    append_u64be(head, size);
    hash_.update(head);
  }
  void add(BytesView bytes) { hash_.update(bytes); }
  std::string finish() { return "sha256:" + to_hex(hash_.finish()); }

 private:
  Sha256 hash_;
};

void add_records(kernel::Node& node, Records& records, ContentHash& hash, StorageContent& content,
                 const std::function<void()>& tell) {
  for (Key after;;) {
    const auto page = node.wait(records.scan("", after, page_size));
    for (const auto& record : page.records) {
      after = record.key;
      if (is_internal_key(record.key)) continue;
      hash.start('r', record.key, record.value.size());
      hash.add(record.value);
      ++content.records;
      content.bytes += record.key.size() + record.value.size();
    }
    tell();
    if (!page.more) return;
  }
}

void add_blob(kernel::Node& node, Blobs& blobs, const BlobInfo& blob, ContentHash& hash,
              const std::function<void(std::uint64_t)>& tell) {
  hash.start('b', blob.id, blob.size);
  Bytes piece(piece_bytes);
  for (std::uint64_t offset = 0; offset < blob.size;) {
    const auto got = node.wait(blobs.read(blob.id, offset, piece));
    if (got == 0) throw Error(Code::corrupt, "blob '" + blob.id + "' is shorter than the storage says");
    hash.add(BytesView(piece).first(got));
    offset += got;
    tell(got);
  }
}

}  // namespace

StorageSide storage_side(const kernel::Node& node, const std::string& name) {
  StorageSide side{name, node.find<Records>(name), node.find<Blobs>(name)};
  if (side.records || side.blobs) return side;
  std::vector<std::string> names;
  bool known = false;
  for (const auto& component : node.config().components) {
    known = known || component.name == name;
    names.push_back(component.name);
  }
  if (known) throw Error(Code::invalid, "the component '" + name + "' is no storage");
  throw Error(Code::not_found, "no component is called `" + name + "`" + kernel::did_you_mean(name, names),
              "`drawbridge check` lists the components of the configuration");
}

StorageContent content_of(kernel::Node& node, const StorageSide& side, const CopyProgress& progress,
                          std::uint64_t expected_bytes) {
  const auto total = expected_bytes == 0 ? std::nullopt : std::optional(expected_bytes);
  StorageContent content;
  ContentHash hash;
  const auto tell = [&] { progress("check", content.bytes, total); };
  if (side.records) add_records(node, *side.records, hash, content, tell);
  for (std::string after; side.blobs;) {
    const auto page = node.wait(side.blobs->list(after, page_size));
    for (const auto& blob : page.blobs) {
      after = blob.id;
      ++content.blobs;
      add_blob(node, *side.blobs, blob, hash, [&](std::uint64_t got) {
        content.bytes += got;
        tell();
      });
    }
    if (!page.more) break;
  }
  content.hash = hash.finish();
  return content;
}

}  // namespace drawbridge::cli
