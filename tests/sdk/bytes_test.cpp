#include "drawbridge/bytes.h"

#include <array>

#include "drawbridge/random.h"
#include "fixture.h"

namespace drawbridge {
namespace {

TEST(Bytes, BigEndianIntegers) {
  Bytes out;
  append_u16be(out, 0x0102);
  append_u32be(out, 0x03040506);
  append_u64be(out, 0x0708090a0b0c0d0e);
  EXPECT_EQ(to_hex(out), "0102030405060708090a0b0c0d0e");
  EXPECT_EQ(load_u16be(out), 0x0102);
  EXPECT_EQ(load_u32be(BytesView(out).subspan(2)), 0x03040506u);
  EXPECT_EQ(load_u64be(BytesView(out).subspan(6)), 0x0708090a0b0c0d0eu);
}

TEST(Bytes, Hex) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(from_hex(""), Bytes{});
  EXPECT_EQ(from_hex("00fFaB"), (Bytes{0, 255, 171}));
  for (const auto* bad : {"0", "0g", "g0", " 00", "00 ", "0x00", "00\n", "-1", "+1"})
    EXPECT_FALSE(from_hex(bad)) << bad;
}

TEST(Bytes, HexTakesNoOtherCharacter) {
  for (int c = 0; c < 256; ++c) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    EXPECT_EQ(from_hex(std::string{'0', static_cast<char>(c)}).has_value(), digit) << c;
    EXPECT_EQ(from_hex(std::string{static_cast<char>(c), '0'}).has_value(), digit) << c;
  }
}

// RFC 4648 §10.
TEST(Bytes, Base64OfTheStandard) {
  constexpr std::array<std::pair<const char*, const char*>, 7> cases = {{{"", ""},
                                                                         {"f", "Zg=="},
                                                                         {"fo", "Zm8="},
                                                                         {"foo", "Zm9v"},
                                                                         {"foob", "Zm9vYg=="},
                                                                         {"fooba", "Zm9vYmE="},
                                                                         {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(to_base64(view(plain)), encoded);
    EXPECT_EQ(from_base64(encoded), to_bytes(plain));
    EXPECT_EQ(to_base64url(view(plain)), encoded);
    EXPECT_EQ(from_base64url(encoded), to_bytes(plain));
  }
}

TEST(Bytes, TheTwoAlphabetsAreNotMixed) {
  const Bytes bytes{0xfb, 0xff, 0xbf};
  EXPECT_EQ(to_base64(bytes), "+/+/");
  EXPECT_EQ(to_base64url(bytes), "-_-_");
  EXPECT_FALSE(from_base64("-_-_"));
  EXPECT_FALSE(from_base64url("+/+/"));
}

TEST(Bytes, Base64IsStrict) {
  for (const auto* bad : {"Zg", "Zg=", "Zg===", "Z===", "====", "=g==", "Zg==Zg==", "Zm8=Zm8=", "Zm9v ", " Zm9v",
                          "Zm9v\n", "Zm\n9v", "Z.9v", "Zm8", "Z=8=", "Zm9vZ", "Zg=\n"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
  EXPECT_FALSE(from_base64(std::string_view("Zm9\0", 4)));
  EXPECT_FALSE(from_base64("Zm9\xc3"));
}

/// Each text of four characters of the alphabet decodes to bytes that encode to it again, or not at all.
TEST(Bytes, UnusedBitsMustBeZero) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  int two = 0;
  int one = 0;
  for (const char last : alphabet) {
    const std::string for_one = std::string("Z") + last + "==";
    const std::string for_two = std::string("Zm") + last + "=";
    if (const auto bytes = from_base64(for_one)) one += to_base64(*bytes) == for_one ? 1 : 1000;
    if (const auto bytes = from_base64(for_two)) two += to_base64(*bytes) == for_two ? 1 : 1000;
  }
  EXPECT_EQ(one, 4);
  EXPECT_EQ(two, 16);
}

TEST(Bytes, RandomRoundTrips) {
  for (std::size_t size = 0; size < 200; ++size) {
    const Bytes bytes = system_random().bytes(size);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
}

TEST(Bytes, Utf8) {
  for (const auto* good : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "gr\xc3\xbc\xc3\x9f"}) {
    EXPECT_TRUE(is_utf8(good)) << to_hex(view(good));
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
  for (const auto* bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x20", "\xc2\xc2", "\xe0\x9f\xbf",
                          "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\xff", "\xfe", "a\xe2\x82", "\xf0\x90\x80"}) {
    EXPECT_FALSE(is_utf8(bad)) << to_hex(view(bad));
  }
}

TEST(Bytes, ConstantTimeEqualAgreesWithEqual) {
  EXPECT_TRUE(constant_time_equal({}, {}));
  EXPECT_TRUE(constant_time_equal(view("same"), view("same")));
  EXPECT_FALSE(constant_time_equal(view("same"), view("samf")));
  EXPECT_FALSE(constant_time_equal(view("same"), view("sam")));
  EXPECT_FALSE(constant_time_equal({}, view("x")));
}

TEST(Bytes, WipeLeavesZeros) {
  Bytes bytes(1000, 7);
  wipe(bytes);
  EXPECT_EQ(bytes, Bytes(1000, 0));
  wipe({});
}

}  // namespace
}  // namespace drawbridge
