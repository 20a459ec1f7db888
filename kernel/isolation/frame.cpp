#include "kernel/isolation/frame.h"

#include <algorithm>
#include <cstring>

#include "kernel/isolation/fields.h"

namespace drawbridge::kernel::isolation {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::size_t max_text = 16 * 1024;

std::string cut(std::string text) {
  if (text.size() > max_text) text.resize(max_text);
  return text;
}

/// `foreign`: it was no Error, and is none at the other end.
Outgoing compose_error(Arena& arena, Code code, const std::string& what, const std::string& hint, bool foreign) {
  return compose(arena, code, cut(what), cut(hint), foreign);
}

}  // namespace

Malformed::~Malformed() = default;

void Outgoing::address(Header header) {
  header.size = size;
  header.slot = slot ? slot.index() : Header::no_slot;
  std::memcpy(frame.data(), &header, sizeof header);
  slot.sent();
}

void Incoming::own() {
  if (!slot) return;
  bytes.assign(slot.data(), slot.data() + header.size);
  slot.give_back();
}

Header read_header(BytesView bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.kind > Kind::drop) throw Malformed("a message is of an unknown kind");
  const bool in_slot = header.slot != Header::no_slot;
  if (in_slot && header.slot >= Arena::slots) throw Malformed("a message is in a slot that there is not");
  if (header.size > (in_slot ? Arena::slot_bytes : max_message_bytes)) throw Malformed("a message is too large");
  if (header.kind >= Kind::cancel && (header.size != 0 || in_slot)) throw Malformed("a note has content");
  return header;
}

FrameReader::FrameReader() : buffer_(buffer_bytes) {}

MutableBytes FrameReader::space() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return MutableBytes(buffer_).subspan(end_);
}

void FrameReader::received(std::size_t count) {
  end_ += count;
  // Appended as it arrives: memory follows what is there, not what was announced.
  const auto more = std::min(large_left_, end_ - begin_);
  append(large_.bytes, BytesView(buffer_).subspan(begin_, more));
  begin_ += more;
  large_left_ -= more;
}

std::optional<Incoming> FrameReader::next() {
  if (large_started_) {
    if (large_left_ > 0) return std::nullopt;
    large_started_ = false;
    return std::exchange(large_, {});
  }
  if (end_ - begin_ < sizeof(Header)) return std::nullopt;
  Incoming message;
  message.header = read_header(BytesView(buffer_).subspan(begin_, sizeof(Header)));
  const std::size_t size = message.header.slot == Header::no_slot ? message.header.size : 0;
  const auto content = begin_ + sizeof(Header);
  const auto here = std::min(size, end_ - content);
  if (here < size && sizeof(Header) + size <= buffer_.size()) return std::nullopt;
  message.bytes.assign(buffer_.begin() + static_cast<std::ptrdiff_t>(content),
                       buffer_.begin() + static_cast<std::ptrdiff_t>(content + here));
  begin_ = content + here;
  if (here == size) return message;
  large_left_ = size - here;
  large_ = std::move(message);
  large_started_ = true;
  return std::nullopt;
}

Outgoing compose_error(Arena& arena, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return compose_error(arena, error.code(), error.what(), error.hint(), false);
  } catch (const std::bad_alloc&) {
    return compose_error(arena, Code::unavailable, "out of memory", "raise the `memory` of its `isolate`", false);
  } catch (const std::exception& error) {
    return compose_error(arena, Code::internal, error.what(), "", true);
  } catch (...) {
    return compose_error(arena, Code::internal, "an unknown exception", "", true);
  }
}

void throw_error(const Incoming& message) {
  Reader reader(message.view());
  const auto code = reader.get<Code>();
  auto what = reader.get<std::string>();
  auto hint = reader.get<std::string>();
  const bool foreign = reader.get<bool>();
  reader.expect_end();
  if (foreign) throw std::runtime_error(what);
  throw Error(code, what, std::move(hint));
}

}  // namespace drawbridge::kernel::isolation
