// Whatever the decoder accepts is the one encoding of its value.
#include <algorithm>
#include <cstdlib>

#include "drawbridge/cbor.h"
#include "drawbridge/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge;
  const BytesView input(data, size);
  try {
    const Cbor value = decode_cbor(input);
    if (!std::ranges::equal(encode(value), input)) std::abort();
  } catch (const Error& error) {
    if (error.code() != Code::invalid) std::abort();
  }
  return 0;
}
