#include "drawbridge/cbor.h"

#include <limits>
#include <random>

#include "fixture.h"

namespace drawbridge {
namespace {

using test::expect_throws;
using test::hex;

void expect_encoding(const Cbor& value, std::string_view text) {
  EXPECT_EQ(to_hex(encode(value)), text);
  EXPECT_EQ(decode_cbor(hex(text)), value) << text;
}

void expect_refused(std::string_view text) {
  expect_throws(
      Code::invalid, [&] { decode_cbor(hex(text)); }, std::string(text));
}

// RFC 8949 appendix A, as far as it applies.
TEST(Cbor, IntegersOfTheStandard) {
  expect_encoding(0, "00");
  expect_encoding(1, "01");
  expect_encoding(10, "0a");
  expect_encoding(23, "17");
  expect_encoding(24, "1818");
  expect_encoding(25, "1819");
  expect_encoding(100, "1864");
  expect_encoding(1000, "1903e8");
  expect_encoding(1000000, "1a000f4240");
  expect_encoding(std::int64_t{1000000000000}, "1b000000e8d4a51000");
  expect_encoding(-1, "20");
  expect_encoding(-10, "29");
  expect_encoding(-100, "3863");
  expect_encoding(-1000, "3903e7");
}

TEST(Cbor, OtherValuesOfTheStandard) {
  expect_encoding(false, "f4");
  expect_encoding(true, "f5");
  expect_encoding(nullptr, "f6");
  expect_encoding(Bytes{}, "40");
  expect_encoding(Bytes{1, 2, 3, 4}, "4401020304");
  expect_encoding("", "60");
  expect_encoding("a", "6161");
  expect_encoding("IETF", "6449455446");
  expect_encoding("\"\\", "62225c");
  expect_encoding("\xc3\xbc", "62c3bc");
  expect_encoding("\xe6\xb0\xb4", "63e6b0b4");
  expect_encoding("\xf0\x90\x85\x91", "64f0908591");
  expect_encoding(CborArray{}, "80");
  expect_encoding(CborArray{1, 2, 3}, "83010203");
  expect_encoding(CborArray{1, CborArray{2, 3}, CborArray{4, 5}}, "8301820203820405");
  expect_encoding(CborMap{}, "a0");
  expect_encoding(CborMap{{"a", 1}, {"b", CborArray{2, 3}}}, "a26161016162820203");
  expect_encoding(CborArray{"a", CborMap{{"b", "c"}}}, "826161a161626163");
  expect_encoding(CborMap{{"a", "A"}, {"b", "B"}, {"c", "C"}, {"d", "D"}, {"e", "E"}},
                  "a56161614161626142616361436164614461656145");
}

TEST(Cbor, TheEdgesOfItsIntegers) {
  expect_encoding(std::numeric_limits<std::int64_t>::max(), "1b7fffffffffffffff");
  expect_encoding(std::numeric_limits<std::int64_t>::min(), "3b7fffffffffffffff");
  expect_encoding(255, "18ff");
  expect_encoding(256, "190100");
  expect_encoding(65535, "19ffff");
  expect_encoding(65536, "1a00010000");
  expect_encoding(std::int64_t{4294967295}, "1affffffff");
  expect_encoding(std::int64_t{4294967296}, "1b0000000100000000");
  expect_refused("1b8000000000000000");
  expect_refused("1bffffffffffffffff");
  expect_refused("3b8000000000000000");
  expect_throws(Code::invalid, [] { Cbor(std::uint64_t{1} << 63); });
}

TEST(Cbor, KeysAreOrderedByTheirEncoding) {
  const CborMap map{{"aa", 1}, {"b", 2}, {"", 3}, {"ab", 4}, {"c", 5}};
  EXPECT_EQ(to_hex(encode(map)),
            "a56003616202616305626161016261620"
            "4");
  EXPECT_EQ(decode_cbor(encode(map)), Cbor(map));
}

TEST(Cbor, LongStrings) {
  for (const std::size_t size : {23u, 24u, 255u, 256u, 65535u, 65536u, 100'000u}) {
    EXPECT_EQ(decode_cbor(encode(Bytes(size, 7))).bytes(), Bytes(size, 7));
    EXPECT_EQ(decode_cbor(encode(std::string(size, 'x'))).text(), std::string(size, 'x'));
  }
}

TEST(Cbor, OnlyTheShortestFormIsTaken) {
  for (const auto* bad : {"1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "580100", "59000100",
                          "780161", "9801f6", "b801616100", "3900ff"}) {
    expect_refused(bad);
  }
}

TEST(Cbor, MapsAreInOrderWithoutDuplicates) {
  expect_refused("a2616202616101");    // b before a
  expect_refused("a262616101616202");  // longer before shorter
  expect_refused("a2616101616101");    // twice
  expect_refused("a2616101616102");    // twice with other values
  expect_refused("a10101");            // a key that is no text
  expect_refused("a1f601");
  expect_refused("a1416101");
}

TEST(Cbor, WhatFormatsDoNotUseIsRefused) {
  for (const auto* bad : {"5f41014102ff",
                          "7f61616162ff",
                          "9f01ff",
                          "bf616101ff",
                          "ff",  // indefinite lengths
                          "c000",
                          "c11a514b67b0",
                          "d818456449455446",
                          "c249010000000000000000",  // tags
                          "f90000",
                          "f93c00",
                          "fa47c35000",
                          "fb3ff199999999999a",
                          "f97e00",  // floats
                          "f7",
                          "e0",
                          "f0",
                          "f8ff",
                          "f820",
                          "f814",
                          "f3",  // simple values
                          "1c",
                          "1d",
                          "1e",
                          "1f",
                          "3c",
                          "5c",
                          "7d",
                          "9e",
                          "bc",
                          "fc",
                          "fd",
                          "fe"}) {  // reserved
    expect_refused(bad);
  }
}

TEST(Cbor, BrokenOffOrExtended) {
  const Bytes good = encode(CborMap{{"a", CborArray{1, 1000, "text", Bytes(30, 1)}}, {"bb", true}});
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_throws(
        Code::invalid, [&] { decode_cbor(BytesView(good).first(size)); }, std::to_string(size));
  }
  for (const std::uint8_t more : {0x00, 0xf6, 0xff}) {
    Bytes extended = good;
    extended.push_back(more);
    expect_throws(Code::invalid, [&] { decode_cbor(extended); });
  }
  expect_throws(Code::invalid, [] { decode_cbor({}); });
}

TEST(Cbor, TextIsUtf8) {
  expect_refused("6180");
  expect_refused("62c080");
  expect_refused("63eda080");
  expect_refused("a1618000");
}

TEST(Cbor, DepthIsBounded) {
  const auto nested = [](int depth, std::uint8_t step) {
    Bytes bytes;
    for (int i = 0; i < depth; ++i) {
      bytes.push_back(step);
      if (step == 0xa1) append(bytes, Bytes{0x61, 0x61});
    }
    bytes.push_back(0);
    return bytes;
  };
  for (const std::uint8_t step : {0x81, 0xa1}) {
    EXPECT_EQ(encode(decode_cbor(nested(16, step))), nested(16, step));
    expect_throws(Code::invalid, [&] { decode_cbor(nested(17, step)); });
    expect_throws(Code::invalid, [&] { decode_cbor(nested(1'000'000, step)); });
  }
}

/// A claimed length is believed only as far as there are bytes: these would need more memory than there is.
TEST(Cbor, ClaimedLengthsAllocateNothing) {
  for (const auto* bad : {"5b7fffffffffffffff", "7b7fffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff",
                          "5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff", "5affffffff",
                          "9affffffff00", "baffffffff616100", "9b00000000ffffffff", "9affffff0081"}) {
    expect_refused(bad);
  }
}

TEST(Cbor, AccessorsNameWhatTheyMiss) {
  const Cbor map = CborMap{{"number", 5}, {"negative", -5}};
  EXPECT_EQ(map.at("number").unsigned_integer(), 5u);
  EXPECT_EQ(map.find("other"), nullptr);
  expect_throws(Code::invalid, [&] { map.at("negative").unsigned_integer(); });
  expect_throws(Code::invalid, [&] { map.at("number").text(); });
  expect_throws(Code::invalid, [&] { map.at("number").bytes(); });
  expect_throws(Code::invalid, [&] { map.at("number").at("x"); });
  expect_throws(Code::invalid, [&] { map.at("number").find("x"); });
  expect_throws(Code::invalid, [&] { map.array(); });
  expect_throws(Code::invalid, [&] { map.boolean(); });
  try {
    map.at("other");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'other'"), std::string::npos);
  }
}

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Cbor value(int depth) {
    switch (below(depth < 4 ? 7 : 5)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 1;
      case 2:
        return static_cast<std::int64_t>(random_() >> below(64));
      case 3:
        return Bytes(below(40), static_cast<std::uint8_t>(below(256)));
      case 4:
        return std::string(below(30), static_cast<char>('a' + below(26)));
      case 5: {
        CborArray out;
        for (auto left = below(6); left > 0; --left) out.push_back(value(depth + 1));
        return out;
      }
      default: {
        CborMap out;
        for (auto left = below(6); left > 0; --left)
          out.emplace(std::string(below(30), 'k') + char('a' + below(9)), value(depth + 1));
        return out;
      }
    }
  }

 private:
  std::mt19937_64 random_;
};

TEST(Cbor, RandomValuesRoundTrip) {
  Generator random(1);
  for (int i = 0; i < 5000; ++i) {
    const Cbor value = random.value(0);
    const Bytes bytes = encode(value);
    ASSERT_EQ(decode_cbor(bytes), value) << to_hex(bytes);
  }
}

TEST(Cbor, MutationsAreRefusedOrCanonical) {
  Generator random(2);
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    Bytes bytes = encode(random.value(0));
    for (auto changes = 1 + random.below(3); changes > 0; --changes) {
      const std::size_t at = random.below(bytes.size());
      switch (random.below(4)) {
        case 0:
          bytes[at] ^= static_cast<std::uint8_t>(1 << random.below(8));
          break;
        case 1:
          bytes[at] = static_cast<std::uint8_t>(random.below(256));
          break;
        case 2:
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random.below(256)));
          break;
        default:
          if (bytes.size() > 1) bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    try {
      const Cbor value = decode_cbor(bytes);
      ASSERT_EQ(encode(value), bytes) << to_hex(bytes);
      ++accepted;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), Code::invalid);
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(Cbor, RandomBytesAreRefusedOrCanonical) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    Bytes bytes(random() % 24);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    try {
      ASSERT_EQ(encode(decode_cbor(bytes)), bytes) << to_hex(bytes);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), Code::invalid);
    }
  }
}

}  // namespace
}  // namespace drawbridge
