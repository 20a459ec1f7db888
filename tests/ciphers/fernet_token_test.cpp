// Fernet tokens against the vectors of their specification.
#include "fernet_token.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "drawbridge/error.h"
#include "hmac.h"
#include "vectors.h"

namespace drawbridge {
namespace {

using support::text_of;

Timestamp now_of(const boost::json::value& test) {
  return parse_rfc3339(text_of(test, "now")).value();
}
std::optional<Secret> open(const boost::json::value& test) {
  const fernet::Lifetime lifetime{std::chrono::seconds(test.at("ttl_sec").as_int64()), now_of(test)};
  return fernet::open_text_token(text_of(test, "secret"), text_of(test, "token"), lifetime);
}

TEST(FernetVectors, Generate) {
  const std::string file = "fernet/generate.json";
  const auto vectors = support::read_vectors(file);
  if (!vectors) return;
  for (const auto& test : vectors->as_array()) {
    Bytes iv;
    for (const auto& byte : test.at("iv").as_array()) iv.push_back(static_cast<std::uint8_t>(byte.as_int64()));
    const std::string key = text_of(test, "secret");
    EXPECT_EQ(fernet::seal_text_token(key, now_of(test), iv, view(text_of(test, "src"))), text_of(test, "token"));
  }
  support::count_vectors(file, vectors->as_array().size());
}

TEST(FernetVectors, Verify) {
  const std::string file = "fernet/verify.json";
  const auto vectors = support::read_vectors(file);
  if (!vectors) return;
  for (const auto& test : vectors->as_array()) {
    const auto plain = open(test);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->text(), text_of(test, "src"));
  }
  support::count_vectors(file, vectors->as_array().size());
}

TEST(FernetVectors, Invalid) {
  const std::string file = "fernet/invalid.json";
  const auto vectors = support::read_vectors(file);
  if (!vectors) return;
  for (const auto& test : vectors->as_array()) EXPECT_FALSE(open(test)) << text_of(test, "desc");
  support::count_vectors(file, vectors->as_array().size());
}

class FernetToken : public testing::Test {
 protected:
  static Timestamp at(std::int64_t seconds) { return Timestamp(std::chrono::seconds(seconds)); }
  Bytes seal(Timestamp now) const {
    Bytes out;
    fernet::seal_token(key_, now, Bytes(16, 2), view("content"), out);
    return out;
  }
  bool opens(BytesView token, std::int64_t ttl_seconds, Timestamp now) const {
    Bytes out;
    return fernet::open_token(key_, token, fernet::Lifetime{std::chrono::seconds(ttl_seconds), now}, out);
  }
  const Bytes key_ = Bytes(32, 1);
};

TEST_F(FernetToken, LivesAsLongAsAsked) {
  const Bytes token = seal(at(1000));
  EXPECT_TRUE(opens(token, 60, at(1000)));
  EXPECT_TRUE(opens(token, 60, at(1060)));
  EXPECT_FALSE(opens(token, 60, at(1061)));
  EXPECT_TRUE(opens(token, 60, at(940)));
  EXPECT_FALSE(opens(token, 60, at(939)));
}

TEST_F(FernetToken, TimeDoesNotMatterUnasked) {
  Bytes out;
  EXPECT_TRUE(fernet::open_token(key_, seal(at(0)), std::nullopt, out));
  EXPECT_TRUE(fernet::open_token(key_, seal(at(1) + std::chrono::years(4000)), std::nullopt, out));
  EXPECT_EQ(text_view(out), "contentcontent");
}

TEST_F(FernetToken, TimesBeyondReasonAreRefused) {
  Bytes token = seal(at(1000));
  std::fill_n(token.begin() + 1, 8, 0xff);
  EXPECT_FALSE(opens(token, 60, at(1000)));
  EXPECT_EQ(load_u64be(BytesView(seal(at(-5))).subspan(1)), 0u);
}

TEST_F(FernetToken, OtherVersionsAndLengthsAreRefused) {
  Bytes out;
  for (int version = 0; version < 256; ++version) {
    Bytes token = seal(at(1000));
    token[0] = static_cast<std::uint8_t>(version);
    fernet::HmacSha256 mac(BytesView(key_).first(16));  // an authentic one: it is the version alone that is refused
    const Digest tag = mac.update(BytesView(token).first(token.size() - 32)).finish();
    std::copy(tag.begin(), tag.end(), token.end() - 32);
    EXPECT_EQ(fernet::open_token(key_, token, std::nullopt, out), version == 0x80);
  }
  EXPECT_FALSE(fernet::open_token(Bytes(31, 1), seal(at(0)), std::nullopt, out));
  EXPECT_FALSE(fernet::open_token(key_, {}, std::nullopt, out));
}

TEST_F(FernetToken, TextIsStrict) {
  const std::string key(fernet::text_key(key_).text());
  const std::string token = fernet::seal_text_token(key, at(0), Bytes(16, 2), view("content"));
  EXPECT_TRUE(fernet::open_text_token(key, token, std::nullopt));
  EXPECT_FALSE(fernet::open_text_token(key, token + "\n", std::nullopt));
  EXPECT_FALSE(fernet::open_text_token(key, " " + token, std::nullopt));
  EXPECT_FALSE(fernet::open_text_token(key, token.substr(0, token.size() - 1), std::nullopt));
  EXPECT_FALSE(fernet::open_text_token(key.substr(4), token, std::nullopt));
  EXPECT_THROW(fernet::seal_text_token("short", at(0), Bytes(16, 2), view("content")), Error);
}

}  // namespace
}  // namespace drawbridge
