#include "log_check.h"

#include <algorithm>
#include <fstream>

namespace drawbridge::sqlite {
namespace {

// "The WAL File Format" of the SQLite documentation.
constexpr std::size_t header_bytes = 32, frame_header_bytes = 24;
constexpr std::uint32_t magic = 0x377f0682;  // its last bit: the checksums are over big-endian words

struct Sum {
  std::uint32_t a = 0, b = 0;
  friend bool operator==(const Sum&, const Sum&) = default;
};

class Log {
 public:
  explicit Log(const std::string& path) : in_(path, std::ios::binary), header_(header_bytes) {}

  /// False at the end, which may be in the middle of the header.
  bool read_header() { return read(header_); }
  bool header_is_good() {
    page_bytes_ = load_u32be(BytesView(header_).subspan(8));
    const bool size = page_bytes_ >= 512 && page_bytes_ <= 65536 && (page_bytes_ & (page_bytes_ - 1)) == 0;
    const auto first = load_u32be(header_);
    big_endian_ = (first & 1) != 0;
    if ((first & ~1u) != magic || !size) return false;
    frame_.resize(frame_header_bytes + page_bytes_);
    return add({}, BytesView(header_).first(24)) == stored(BytesView(header_).subspan(24));
  }
  Sum header_sum() const { return stored(BytesView(header_).subspan(24)); }

  bool read_frame() { return read(frame_); }
  bool of_this_log() const {
    return std::equal(frame_.begin() + 8, frame_.begin() + 16, header_.begin() + 16);  // the salts
  }
  bool commits() const { return load_u32be(BytesView(frame_).subspan(4)) != 0; }
  Sum frame_sum() const { return stored(BytesView(frame_).subspan(16)); }
  /// Whether the frame was written behind one with this checksum.
  bool follows(Sum sum) const {
    sum = add(sum, BytesView(frame_).first(8));
    return add(sum, BytesView(frame_).subspan(frame_header_bytes)) == frame_sum();
  }

 private:
  bool read(Bytes& out) {
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    return static_cast<bool>(in_);
  }
  static Sum stored(BytesView at) { return {load_u32be(at), load_u32be(at.subspan(4))}; }
  std::uint32_t word(const std::uint8_t* at) const {
    return big_endian_ ? std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3]
                       : std::uint32_t{at[3]} << 24 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[1]} << 8 | at[0];
  }
  Sum add(Sum sum, BytesView bytes) const {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      sum.a += word(bytes.data() + i) + sum.b;
      sum.b += word(bytes.data() + i + 4) + sum.a;
    }
    return sum;
  }

  std::ifstream in_;
  Bytes header_, frame_;
  std::uint32_t page_bytes_ = 0;
  bool big_endian_ = false;
};

/// A commit is synced before the next one begins. So a frame that follows a commit shows that this was on the disk as a
/// whole; if anything before it is wrong, that is damage and not the end of writing.
bool is_damaged(Log& log) {
  if (!log.read_header()) return false;
  if (!log.header_is_good()) return true;
  auto last = log.header_sum();
  bool last_commits = false, broken = false;
  while (log.read_frame()) {
    const bool ours = log.of_this_log();
    const bool follows = ours && log.follows(last);
    if (broken && follows && last_commits) return true;
    broken = broken || !follows;
    last = log.frame_sum();
    last_commits = ours && log.commits();
  }
  return false;
}

}  // namespace

void check_log(const Settings& settings) {
  // Without syncs a power loss leaves holes, and nothing was promised.
  if (!settings.sync || settings.drop_damaged_log) return;
  Log log(settings.database_path() + "-wal");
  if (!is_damaged(log)) return;
  const auto error = storage::damage(settings, "open", "the log of the database is damaged");
  throw Error(Code::corrupt, error.what(), error.hint() + "; drop_damaged_log opens it without the damaged end");
}

}  // namespace drawbridge::sqlite
