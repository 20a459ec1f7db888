#include "fernet_token.h"

#include <algorithm>

#include "aes_cbc.h"
#include "drawbridge/error.h"
#include "hmac.h"

namespace drawbridge::fernet {
namespace {

constexpr std::uint8_t version = 0x80;
constexpr std::size_t time_offset = 1;
constexpr std::size_t iv_offset = 9;
constexpr std::size_t body_offset = iv_offset + block_bytes;
constexpr std::size_t tag_bytes = 32;

BytesView signing_key(BytesView key) {
  return key.first(16);
}
BytesView encryption_key(BytesView key) {
  return key.subspan(16, 16);
}

/// Makes room without growing by a little each time.
void reserve_more(Bytes& out, std::size_t more) {
  if (out.capacity() - out.size() < more) out.reserve(std::max(out.size() + more, 2 * out.capacity()));
}

bool in_time(std::uint64_t sealed_at, const Lifetime& lifetime) {
  const std::int64_t now = std::chrono::floor<std::chrono::seconds>(lifetime.now).time_since_epoch().count();
  // The token's time is foreign: compared without adding to it.
  if (sealed_at > static_cast<std::uint64_t>(INT64_MAX)) return false;
  const auto at = static_cast<std::int64_t>(sealed_at);
  return at >= now - lifetime.ttl.count() && at <= now + max_skew.count();
}

}  // namespace

std::size_t token_size(std::size_t plain_size) {
  return body_offset + padded_size(plain_size) + tag_bytes;
}

void seal_token(BytesView key, Timestamp now, BytesView iv, BytesView plain, Bytes& out) {
  if (key.size() != key_bytes || iv.size() != block_bytes) throw Error(Code::internal, "fernet: wrong key or iv");
  const std::size_t start = out.size();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  reserve_more(out, token_size(plain.size()));
  out.push_back(version);
  append_u64be(out, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)));
  append(out, iv);
  append(out, plain);
  out.resize(start + body_offset + padded_size(plain.size()));
  cbc_encrypt(encryption_key(key), iv, MutableBytes(out).subspan(start + body_offset), plain.size());
  HmacSha256 mac(signing_key(key));
  append(out, BytesView(mac.update(BytesView(out).subspan(start)).finish()));
}

bool open_token(BytesView key, BytesView token, const std::optional<Lifetime>& lifetime, Bytes& out) {
  if (key.size() != key_bytes || token.size() < token_size(0) || token[0] != version) return false;
  if ((token.size() - token_size(0)) % block_bytes != 0) return false;
  if (lifetime && !in_time(load_u64be(token.subspan(time_offset)), *lifetime)) return false;

  const BytesView covered = token.first(token.size() - tag_bytes);
  HmacSha256 mac(signing_key(key));
  if (!constant_time_equal(mac.update(covered).finish(), token.last(tag_bytes))) return false;

  const std::size_t start = out.size();
  const BytesView body = covered.subspan(body_offset);
  reserve_more(out, body.size());
  append(out, body);
  const auto size =
      cbc_decrypt(encryption_key(key), token.subspan(iv_offset, block_bytes), MutableBytes(out).subspan(start));
  if (!size) wipe(MutableBytes(out).subspan(start));
  out.resize(start + size.value_or(0));
  return size.has_value();
}

std::string seal_text_token(std::string_view key, Timestamp now, BytesView iv, BytesView plain) {
  auto decoded = from_base64url(key);
  if (!decoded || decoded->size() != key_bytes) {
    throw Error(Code::invalid, "fernet: a key is 32 bytes in base64url");
  }
  const Secret raw(std::move(*decoded));
  Bytes token;
  seal_token(raw.bytes(), now, iv, plain, token);
  return to_base64url(token);
}

std::optional<Secret> open_text_token(std::string_view key, std::string_view token,
                                      const std::optional<Lifetime>& lifetime) {
  auto decoded_key = from_base64url(key);
  const auto decoded_token = from_base64url(token);
  if (!decoded_key || !decoded_token) return std::nullopt;
  const Secret raw(std::move(*decoded_key));
  Bytes plain;
  if (!open_token(raw.bytes(), *decoded_token, lifetime, plain)) return std::nullopt;
  return Secret(std::move(plain));
}

Secret text_key(BytesView key) {
  std::string text = to_base64url(key);
  Secret out = Secret::copy_of(text);
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return out;
}

}  // namespace drawbridge::fernet
