#include "kernel/isolation/arena.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "drawbridge/error.h"

namespace drawbridge::kernel::isolation {
namespace {

constexpr std::size_t flags_bytes = 4096;
constexpr std::size_t total_bytes = flags_bytes + 2 * Arena::slots * Arena::slot_bytes;
static_assert(2 * Arena::slots * sizeof(std::atomic<std::uint32_t>) <= flags_bytes);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "a lock would be in one process only");

[[noreturn]] void refuse(const char* what) {
  throw Error(Code::unavailable, fmt::format("cannot {} shared memory: {}", what, std::strerror(errno)));
}

}  // namespace

Fd Arena::create() {
  Fd file(::memfd_create("drawbridge-isolated", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(total_bytes)) != 0) refuse("make");
  // Without this, one side could end the other by cutting the file off under it.
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) refuse("seal");
  return file;
}

Arena::Arena(const Fd& file, Side own) : own_(own) {
  void* mapped = ::mmap(nullptr, total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) refuse("map");
  memory_ = static_cast<std::uint8_t*>(mapped);
}

Arena::~Arena() {
  ::munmap(memory_, total_bytes);
}

Arena::Slot Arena::at(Side side, std::size_t index) {
  const auto place = (side == Side::parent ? 0 : slots) + index;
  auto* flags = reinterpret_cast<std::atomic<std::uint32_t>*>(memory_);
  return {flags + place, memory_ + flags_bytes + place * slot_bytes, static_cast<std::uint8_t>(index)};
}

Arena::Slot Arena::take() {
  // From the front, so that memory that was touched once is used again.
  for (std::size_t i = 0; i < slots; ++i) {
    auto slot = at(own_, i);
    std::uint32_t expected = 0;
    if (slot.flag_->compare_exchange_strong(expected, 1, std::memory_order_acquire)) return slot;
    slot.sent();  // it is somebody else's
  }
  return {};
}

Arena::Slot Arena::received(std::uint8_t index) {
  return at(own_ == Side::parent ? Side::child : Side::parent, index);
}

}  // namespace drawbridge::kernel::isolation
