#include "drawbridge/secret.h"

namespace drawbridge {

Secret::Secret(std::size_t size) : bytes_(size) {}

Secret Secret::copy_of(BytesView bytes) {
  return Secret(to_bytes(bytes));
}

Secret::Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) {
  other.bytes_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(bytes_);
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

Secret::~Secret() {
  wipe(bytes_);
}

}  // namespace drawbridge
