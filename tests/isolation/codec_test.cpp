// What crosses comes out as it went in, and nothing else comes out.
#include <gtest/gtest.h>

#include "kernel/isolation/fields.h"
#include "kernel/isolation/frame.h"

namespace drawbridge::kernel::isolation {
namespace {

template <class T>
Bytes written(const T& value) {
  Measure measure;
  put(measure, value);
  Bytes out(measure.size());
  Writer writer(out.data());
  put(writer, value);
  return out;
}

template <class T>
T again(const T& value) {
  const auto bytes = written(value);
  Reader reader(bytes);
  auto out = reader.get<T>();
  reader.expect_end();
  EXPECT_EQ(written(out), bytes);
  // Cut off anywhere it is refused, not read beyond.
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Reader cut(BytesView(bytes).first(i));
    EXPECT_THROW(
        {
          cut.get<T>();
          cut.expect_end();
        },
        Malformed);
  }
  return out;
}

TEST(IsolationCodec, KeepsValues) {
  EXPECT_EQ(again(std::uint64_t{1} << 63), std::uint64_t{1} << 63);
  EXPECT_EQ(again(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(again(std::optional<Bytes>(Bytes{1, 2})), (Bytes{1, 2}));
  EXPECT_EQ(again(std::optional<Bytes>()), std::nullopt);
  EXPECT_EQ(again(Milliseconds(-5)), Milliseconds(-5));
  EXPECT_EQ(again(from_unix_ms(1'700'000'000'123)), from_unix_ms(1'700'000'000'123));
  const std::map<std::string, std::string> map{{"a", "1"}, {"b", ""}};
  EXPECT_EQ(again(map), map);
  const BlobInfo info{"sha256:00", 5};
  EXPECT_EQ(again(info), info);
  EXPECT_TRUE(again(Secret::copy_of("key")).equals(view("key")));
}

TEST(IsolationCodec, KeepsBatchesAndGrants) {
  Batch batch;
  batch.put("a", Bytes{1}).erase("b").expect("c", {}).expect_absent("d");
  const auto copy = again(batch);
  ASSERT_EQ(copy.changes().size(), 2u);
  EXPECT_EQ(copy.changes()[1].value, std::nullopt);
  ASSERT_EQ(copy.expectations().size(), 2u);
  EXPECT_EQ(copy.expectations()[0].value, Bytes());
  Grant grant;
  grant.asset = "sha256:00";
  grant.policy = Policy::all({Policy::recipient("node_a"), Policy::before(from_unix_ms(5))});
  const auto bytes = written(grant);
  Reader reader(bytes);
  EXPECT_EQ(reader.get<Grant>().cbor(), grant.cbor());
}

TEST(IsolationCodec, RefusesWhatIsNoValue) {
  const auto refuse = [](auto type, const Bytes& bytes) {
    Reader reader(bytes);
    EXPECT_THROW(reader.get<decltype(type)>(), Malformed);
  };
  refuse(true, {2});
  refuse(Code::internal, {200});
  refuse(std::optional<Bytes>(), {7});
  refuse(std::vector<std::string>(), {0xff, 0xff, 0xff, 0xff});
  refuse(Bytes(), {0xff, 0xff, 0xff, 0xff, 1, 2, 3});
  const std::vector<std::pair<std::string, std::string>> twice{{"a", "1"}, {"a", "2"}};
  refuse(std::map<std::string, std::string>(), written(twice));
}

TEST(IsolationFrames, AreCutOutOfAnyPieces) {
  const auto file = Arena::create();
  Arena arena(file, Arena::Side::parent);
  Bytes stream;
  const std::vector<std::size_t> sizes{0, 1, 100, 15'000, 70'000, 0, 3'000'000, 5};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Header header{.id = i, .size = static_cast<std::uint32_t>(sizes[i])};
    append(stream, BytesView(reinterpret_cast<const std::uint8_t*>(&header), sizeof header));
    stream.insert(stream.end(), sizes[i], static_cast<std::uint8_t>(i));
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{23}, std::size_t{4096}, std::size_t{1'000'000}}) {
    FrameReader reader;
    std::size_t next = 0;
    for (std::size_t at = 0; at < stream.size();) {
      const auto space = reader.space();
      const auto count = std::min({piece, space.size(), stream.size() - at});
      std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), count, space.begin());
      at += count;
      reader.received(count);
      while (auto message = reader.next()) {
        ASSERT_EQ(message->header.id, next);
        ASSERT_EQ(message->bytes, Bytes(sizes[next], static_cast<std::uint8_t>(next)));
        ++next;
      }
    }
    EXPECT_EQ(next, sizes.size()) << piece;
  }
}

TEST(IsolationArena, SlotsAreTakenAndGivenBack) {
  const auto file = Arena::create();
  Arena parent(file, Arena::Side::parent);
  Arena child(file, Arena::Side::child);
  std::vector<Arena::Slot> slots;
  for (std::size_t i = 0; i < Arena::slots; ++i) slots.push_back(parent.take());
  EXPECT_FALSE(parent.take());
  EXPECT_TRUE(child.take());  // has slots of its own
  slots[3].data()[0] = 42;
  slots[3].sent();
  {
    const auto received = child.received(3);
    EXPECT_EQ(received.data()[0], 42);
    EXPECT_FALSE(parent.take());
  }
  auto again = parent.take();
  EXPECT_TRUE(again);
  EXPECT_EQ(again.index(), 3);
  EXPECT_NE(::ftruncate(file.get(), 0), 0);  // nobody can pull it away
}

TEST(IsolationFrames, LargeMessagesGoThroughMemory) {
  const auto file = Arena::create();
  Arena parent(file, Arena::Side::parent);
  auto small = compose(parent, Bytes(100));
  EXPECT_FALSE(small.slot);
  EXPECT_EQ(small.frame.size(), sizeof(Header) + 104);
  auto large = compose(parent, Bytes(1'000'000));
  EXPECT_TRUE(large.slot);
  EXPECT_EQ(large.frame.size(), sizeof(Header));
  auto huge = compose(parent, Bytes(2'000'000));  // more than a slot has
  EXPECT_FALSE(huge.slot);
  EXPECT_THROW(compose(parent, Bytes(65'000'000), Bytes(5'000'000)), Error);
}

}  // namespace
}  // namespace drawbridge::kernel::isolation
