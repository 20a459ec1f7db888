#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "drawbridge/bytes.h"
#include "drawbridge/error.h"
#include "kernel/isolation/arena.h"
#include "kernel/isolation/codec.h"

namespace drawbridge::kernel::isolation {

enum class Kind : std::uint8_t {
  request,  ///< `id` is the call's, `target` the object, `method` what to do.
  reply,    ///< `target` is the object that the call made, or 0.
  error,    ///< The call threw.
  cancel,   ///< Nobody waits for the call `id` any more.
  drop,     ///< Nobody has the object `target` any more.
};

/// What stands in front of every message. `size` bytes follow, or are in a slot of the arena.
struct Header {
  static constexpr std::uint8_t no_slot = 0xff;
  std::uint64_t id = 0;
  std::uint64_t target = 0;
  std::uint32_t size = 0;
  std::uint16_t method = 0;
  Kind kind = Kind::request;
  std::uint8_t slot = no_slot;
};
static_assert(sizeof(Header) == 24);

/// The largest message: a page of records, the largest value behind it, and their keys.
constexpr std::size_t max_message_bytes = 64_MiB;
/// Below, a message is faster in the socket.
constexpr std::size_t max_socket_bytes = 16 * 1024;

/// A message to send: the bytes for the socket, which begin with room for the header, and perhaps a slot.
struct Outgoing {
  Bytes frame;
  Arena::Slot slot;
  std::uint32_t size = 0;
  std::uint64_t object = 0;  ///< Of a reply: what the call made.

  /// Fills in the header. The slot is the receiver's from now on.
  void address(Header header);
};

/// Writes the values as a message. Throws Error{too_large}.
template <class... T>
Outgoing compose(Arena& arena, const T&... values) {
  Measure measure;
  (put(measure, values), ...);
  if (measure.size() > max_message_bytes) {
    throw Error(Code::too_large, "a call to or from a component in its own process has at most " +
                                     size_text(max_message_bytes) + " in one piece");
  }
  Outgoing out;
  out.size = static_cast<std::uint32_t>(measure.size());
  if (measure.size() > max_socket_bytes && measure.size() <= Arena::slot_bytes) out.slot = arena.take();
  out.frame.resize(sizeof(Header) + (out.slot ? 0 : measure.size()));
  Writer writer(out.slot ? out.slot.data() : out.frame.data() + sizeof(Header));
  (put(writer, values), ...);
  return out;
}

/// A message that arrived.
struct Incoming {
  Header header;
  Bytes bytes;       ///< Empty when it is in a slot.
  Arena::Slot slot;  ///< Given back when this dies.

  BytesView view() const { return slot ? BytesView(slot.data(), header.size) : BytesView(bytes); }
  /// Copies a message out of memory that the other process can write.
  void own();
};

/// Checks what does not depend on the connection. Throws Malformed.
DRAWBRIDGE_API Header read_header(BytesView bytes);

/// Cuts a stream of bytes into messages.
///
///     reader.received(recv(fd, reader.space()));
///     while (auto message = reader.next()) …
class DRAWBRIDGE_API FrameReader {
 public:
  FrameReader();

  /// Where the next bytes go; never empty. After each call `received` says how many there were, be it none.
  MutableBytes space();
  void received(std::size_t count);
  /// The next whole message, its slot not attached. Throws Malformed.
  std::optional<Incoming> next();

 private:
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Incoming large_;  ///< A message that is larger than the buffer, as far as it has arrived.
  bool large_started_ = false;
  std::size_t large_left_ = 0;
};

/// An Error as a message, and back.
DRAWBRIDGE_API Outgoing compose_error(Arena& arena, const std::exception_ptr& failure);
[[noreturn]] DRAWBRIDGE_API void throw_error(const Incoming& message);

}  // namespace drawbridge::kernel::isolation
