#include "kernel/cli/storage_copy.h"

#include <algorithm>
#include <optional>

#include "drawbridge/storage.h"

namespace drawbridge::cli {
namespace {

constexpr std::size_t page_size = 1024;
constexpr std::size_t piece_bytes = 1_MiB;
constexpr std::size_t batch_changes = 1024;
constexpr std::uint64_t batch_bytes = 8_MiB;
constexpr std::string_view magic = "drawbridge.copy/1";

Key note_key() {
  return std::string(internal_keys) + "copy";
}

/// How far a copy is: `phase` is 'r' or 'b', everything up to `after` is done.
struct Note {
  std::string source;
  char phase = 'r';
  std::string after;

  Bytes encode() const {
    return to_bytes(std::string(magic) + "\n" + source + "\n" + phase + "\n" + to_hex(view(after)));
  }
  static std::optional<Note> decode(std::string_view text) {
    const auto line = [&text] {
      const auto end = std::min(text.find('\n'), text.size());
      const auto out = std::string(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      return out;
    };
    if (line() != magic) return std::nullopt;
    Note note;
    note.source = line();
    const auto phase = line();
    const auto after = from_hex(text);
    if ((phase != "r" && phase != "b") || !after) return std::nullopt;
    note.phase = phase.front();
    note.after = to_text(*after);
    return note;
  }
};

/// Goes through a storage's records, or its blobs, in order, page by page.
template <class Item>
class Walk {
 public:
  using Load = std::function<bool(const std::string& after, std::vector<Item>& items)>;
  Walk(std::string after, Load load) : after_(std::move(after)), load_(std::move(load)) {}

  /// The item at hand; null at the end.
  const Item* now() {
    while (at_ == items_.size() && more_) {
      items_.clear();
      at_ = 0;
      more_ = load_(after_, items_);
      if (!items_.empty()) after_ = name(items_.back());
    }
    return at_ < items_.size() ? &items_[at_] : nullptr;
  }
  void next() { ++at_; }

  static const std::string& name(const Record& record) { return record.key; }
  static const std::string& name(const BlobInfo& blob) { return blob.id; }

 private:
  std::string after_;
  Load load_;
  std::vector<Item> items_;
  std::size_t at_ = 0;
  bool more_ = true;
};

class Copy {
 public:
  Copy(kernel::Node& node, const StorageSide& from, const StorageSide& to, const CopyProgress& progress)
      : node_(node), from_(from), to_(to), progress_(progress), note_{from.name, 'r', {}} {}

  CopyResult run() {
    CopyResult result;
    check_facets();
    try {
      if (is_begun()) {
        result.resumed = true;
      } else if (is_empty()) {
        flush();  // the note: from here on it is begun
      } else {
        return already_there();
      }
      copy_all();
      result.content = content_of(node_, from_, progress_);
      auto copied = content_of(node_, to_, progress_, result.content.bytes);
      if (copied != result.content && result.resumed) {
        // The source changed between the runs, in a part that was done already.
        note_ = {from_.name, 'r', {}};
        copy_all();
        copied = content_of(node_, to_, progress_, result.content.bytes);
      }
      if (copied != result.content) throw differ(result.content, copied);
      Batch done;
      done.erase(note_key());
      node_.wait(to_.records->commit(std::move(done)));
    } catch (const Error& error) {
      throw explained(error);
    }
    return result;
  }

 private:
  void check_facets() {
    if (!to_.records) throw Error(Code::unsupported, "'" + to_.name + "' keeps no records, not even the copy's own");
    if (from_.blobs && !to_.blobs && !node_.wait(from_.blobs->list("", 1)).blobs.empty()) {
      throw Error(Code::unsupported, "'" + from_.name + "' holds blobs, and '" + to_.name + "' keeps none");
    }
  }

  /// Whether the target has a part of this copy; then the note says how far it came.
  bool is_begun() {
    const auto value = node_.wait(to_.records->get(note_key()));
    if (!value) return false;
    const auto note = Note::decode(text_view(*value));
    if (!note || note->source != from_.name) {
      throw Error(Code::conflict,
                  "'" + to_.name + "' holds part of another copy, of '" + (note ? note->source : "?") + "'",
                  "finish that copy, or give this one an empty target");
    }
    note_ = *note;
    return true;
  }

  bool is_empty() const {
    const auto page = node_.wait(to_.records->scan("", "", 1));
    const bool records = !page.records.empty() && !is_internal_key(page.records.front().key);
    return !records && (!to_.blobs || node_.wait(to_.blobs->list("", 1)).blobs.empty());
  }

  /// A target without a note is fine if a copy was finished already.
  CopyResult already_there() const {
    const auto content = content_of(node_, to_, progress_);
    if (content == content_of(node_, from_, progress_, content.bytes)) return {content, true};
    throw Error(Code::conflict, "'" + to_.name + "' holds other data already, which a copy would mix with",
                "give an empty target; `drawbridge storage hash` tells whether two storages hold the same");
  }

  void copy_all() {
    if (note_.phase == 'r') {
      copy_records();
      note_.phase = 'b';
      note_.after.clear();
      flush();
    }
    if (from_.blobs && to_.blobs) copy_blobs();
  }

  Walk<Record> walk_records(Records* records) {
    return {note_.after, [this, records](const std::string& after, std::vector<Record>& items) {
              if (records == nullptr) return false;
              auto page = node_.wait(records->scan("", after, page_size));
              const auto end = std::find_if(page.records.begin(), page.records.end(),
                                            [](const Record& record) { return is_internal_key(record.key); });
              const bool more = page.more && end == page.records.end();
              items.assign(std::make_move_iterator(page.records.begin()), std::make_move_iterator(end));
              return more;
            }};
  }

  /// Both sides in step: what is only in the target goes, what differs is written.
  void copy_records() {
    auto source = walk_records(from_.records.get()), target = walk_records(to_.records.get());
    while (source.now() != nullptr || target.now() != nullptr) {
      const auto* mine = source.now();
      const auto* theirs = target.now();
      if (mine == nullptr || (theirs != nullptr && theirs->key < mine->key)) {
        change(theirs->key, std::nullopt);
        target.next();
        continue;
      }
      const bool there = theirs != nullptr && theirs->key == mine->key;
      if (!there || theirs->value != mine->value) change(mine->key, mine->value);
      done_ += mine->key.size() + mine->value.size();
      note_.after = mine->key;
      if (there) target.next();
      source.next();
      progress_("records", done_, std::nullopt);
    }
  }

  void change(const Key& key, std::optional<Bytes> value) {
    const auto size = key.size() + (value ? value->size() : 0);
    if (pending_bytes_ + size > batch_bytes || pending_.changes().size() >= batch_changes) flush();
    pending_bytes_ += size;
    if (value) {
      pending_.put(key, std::move(*value));
    } else {
      pending_.erase(key);
    }
  }

  /// The changes and the note of how far they go, together.
  void flush() {
    pending_.put(note_key(), note_.encode());
    node_.wait(to_.records->commit(std::move(pending_)));
    pending_ = {};
    pending_bytes_ = 0;
  }

  Walk<BlobInfo> walk_blobs(Blobs& blobs, std::string after) {
    return {std::move(after), [this, &blobs](const std::string& from, std::vector<BlobInfo>& items) {
              auto page = node_.wait(blobs.list(from, page_size));
              items = std::move(page.blobs);
              return page.more;
            }};
  }

  void copy_blobs() {
    std::uint64_t total = 0;
    for (auto walk = walk_blobs(*from_.blobs, note_.after); const auto* blob = walk.now(); walk.next()) {
      total += blob->size;
    }
    done_ = 0;
    std::uint64_t noted = 0;
    auto source = walk_blobs(*from_.blobs, note_.after), target = walk_blobs(*to_.blobs, note_.after);
    while (source.now() != nullptr || target.now() != nullptr) {
      const auto* mine = source.now();
      const auto* theirs = target.now();
      if (mine == nullptr || (theirs != nullptr && theirs->id <= mine->id && *theirs != *mine)) {
        node_.wait(to_.blobs->erase(theirs->id));
        target.next();
        continue;
      }
      if (theirs != nullptr && *theirs == *mine) {
        done_ += mine->size;
        target.next();
      } else {
        copy_blob(*mine, total);
      }
      note_.after = mine->id;
      source.next();
      if (done_ - noted > 64_MiB) {
        flush();
        noted = done_;
      }
    }
  }

  void copy_blob(const BlobInfo& blob, std::uint64_t total) {
    const auto writer = node_.wait(to_.blobs->create());
    Bytes piece(static_cast<std::size_t>(std::clamp<std::uint64_t>(blob.size, 1, piece_bytes)));
    for (std::uint64_t offset = 0; offset < blob.size;) {
      const auto got = node_.wait(from_.blobs->read(blob.id, offset, piece));
      if (got == 0) throw Error(Code::corrupt, "blob '" + blob.id + "' is shorter than '" + from_.name + "' says");
      node_.wait(writer->write(BytesView(piece).first(got)));
      offset += got;
      done_ += got;
      progress_("blobs", done_, total);
    }
    node_.wait(writer->commit(blob.id));
  }

  Error differ(const StorageContent& source, const StorageContent& target) const {
    const auto text = [](const StorageContent& content) {
      return std::to_string(content.records) + " records, " + std::to_string(content.blobs) + " blobs, " + content.hash;
    };
    return {Code::corrupt,
            "the copy differs: '" + from_.name + "' has " + text(source) + "; '" + to_.name + "' has " + text(target),
            "one of the storages returns damaged data: check both disks, then copy into an empty target"};
  }

  /// What can pass is told with the way to go on.
  static Error explained(const Error& error) {
    const bool passes =
        error.code() == Code::unavailable || error.code() == Code::busy || error.code() == Code::too_large;
    if (!passes) return error;
    const auto cause = error.hint().empty() ? std::string("remove the cause (a full disk: make room)") : error.hint();
    return {error.code(), std::string("the copy stopped in the middle: ") + error.what(),
            cause + "; then run the same command again, it goes on where it stopped"};
  }

  kernel::Node& node_;
  const StorageSide& from_;
  const StorageSide& to_;
  const CopyProgress& progress_;
  Note note_;
  Batch pending_;
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

CopyResult copy_storage(kernel::Node& node, const StorageSide& from, const StorageSide& to,
                        const CopyProgress& progress) {
  if (from.name == to.name) throw Error(Code::invalid, "source and target are the same component");
  return Copy(node, from, to, progress).run();
}

}  // namespace drawbridge::cli
