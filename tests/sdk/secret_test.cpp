#include "drawbridge/secret.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <type_traits>

#include "fixture.h"

namespace {

// What a block holds at the moment when it is given back.
std::atomic<void*> watched{nullptr};
std::atomic<std::size_t> watched_size{0};
std::atomic<int> watched_nonzero{-1};

void give_back(void* block) {
  if (block != nullptr && block == watched.load()) {
    const auto* bytes = static_cast<const volatile unsigned char*>(block);
    int nonzero = 0;
    for (std::size_t i = 0; i < watched_size; ++i) nonzero += bytes[i] != 0 ? 1 : 0;
    watched_nonzero = nonzero;
    watched = nullptr;
  }
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  give_back(block);
}
void operator delete(void* block, std::size_t) noexcept {
  give_back(block);
}

namespace drawbridge {
namespace {

/// Watches the memory of a secret; `nonzero` tells how many bytes were not zero when it was freed, -1 while it is not.
void watch(const Secret& secret) {
  watched_size = secret.size();
  watched_nonzero = -1;
  watched = const_cast<std::uint8_t*>(secret.bytes().data());
}

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);

TEST(Secret, TheWatchSeesWhatIsLeft) {
  auto* bytes = new Bytes(64, 7);
  watched_size = 64;
  watched_nonzero = -1;
  watched = bytes->data();
  delete bytes;
  EXPECT_EQ(watched_nonzero, 64);
}

TEST(Secret, IsWipedWhenItGoes) {
  {
    const Secret secret(Bytes(64, 7));
    watch(secret);
  }
  EXPECT_EQ(watched_nonzero, 0);
}

TEST(Secret, IsWipedWhenItIsReplaced) {
  Secret secret = Secret::copy_of(std::string(64, 'x'));
  watch(secret);
  secret = Secret::copy_of(std::string(64, 'y'));
  EXPECT_EQ(watched_nonzero, 0);
  EXPECT_EQ(secret.text(), std::string(64, 'y'));
}

TEST(Secret, MovesWithoutACopy) {
  Secret first = Secret::copy_of(view("a secret that is long enough"));
  const auto* place = first.bytes().data();
  Secret second = std::move(first);
  EXPECT_EQ(second.bytes().data(), place);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  first = std::move(second);
  EXPECT_EQ(first.bytes().data(), place);
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
  Secret& same = first;
  first = std::move(same);
  EXPECT_EQ(first.text(), "a secret that is long enough");
}

TEST(Secret, TakesBytesOver) {
  Bytes bytes(32, 9);
  const auto* place = bytes.data();
  const Secret secret(std::move(bytes));
  EXPECT_EQ(secret.bytes().data(), place);
  EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, CloneIsAnother) {
  Secret secret = Secret::copy_of(view("abc"));
  Secret clone = secret.clone();
  clone.writable()[0] = 'x';
  EXPECT_EQ(secret.text(), "abc");
  EXPECT_EQ(clone.text(), "xbc");
}

TEST(Secret, Equals) {
  const Secret secret = Secret::copy_of(view("abc"));
  EXPECT_TRUE(secret.equals(view("abc")));
  EXPECT_FALSE(secret.equals(view("abd")));
  EXPECT_FALSE(secret.equals(view("ab")));
  EXPECT_TRUE(Secret().equals({}));
  EXPECT_EQ(Secret(5).bytes().size(), 5u);
  EXPECT_TRUE(Secret(5).equals(Bytes(5, 0)));
}

}  // namespace
}  // namespace drawbridge
