// What a hostile process may send to a node: any bytes as messages, and any content as the arguments and the result of
// any call. Each is a value or is refused; nothing is read beyond its end.
#include <cstdlib>
#include <cstring>

#include "drawbridge/error.h"
#include "kernel/isolation/methods.h"

namespace {

using namespace drawbridge;
using namespace drawbridge::kernel::isolation;

Link& link() {
  static const auto made =
      std::make_shared<Link>(Link::Sockets{}, Arena::create(), Arena::Side::parent, Link::Limits{});
  return *made;
}

void read_content(Incoming& message) {
  const Method* method = find_method(message.header.method);
  if (method == nullptr) return;
  if ((method->waits == nullptr) == (method->blocks == nullptr)) std::abort();
  try {
    method->read(link(), message);
  } catch (const Malformed&) {
  } catch (const Error& error) {  // a policy inside of a grant is checked as everywhere
    if (error.code() != Code::invalid) std::abort();
  }
}

void read_stream(BytesView input) {
  FrameReader reader;
  try {
    while (!input.empty()) {
      const auto space = reader.space();
      const auto count = std::min(space.size(), input.size());
      std::memcpy(space.data(), input.data(), count);
      input = input.subspan(count);
      reader.received(count);
      while (auto message = reader.next()) {
        if (message->header.slot == Header::no_slot && message->bytes.size() != message->header.size) std::abort();
        if (message->header.slot != Header::no_slot) message->slot = link().arena().received(message->header.slot);
        read_content(*message);
      }
    }
  } catch (const Malformed&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(data, size);
  read_stream(input);
  if (size < 2) return 0;
  Incoming message;
  message.header.method = static_cast<std::uint16_t>(data[0] % max_interfaces << 8 | data[1] % 16);
  message.header.target = Objects::first_own;
  message.bytes = to_bytes(input.subspan(2));
  read_content(message);
  return 0;
}
