// The token reader on hostile bytes: raw, with a proper HMAC (so that the padding is reached), and as text.
#include <algorithm>
#include <cstdlib>

#include "fernet_token.h"
#include "hmac.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge;
  static const Bytes key(fernet::key_bytes, 7);
  static const Secret text_key = fernet::text_key(key);
  if (size == 0) return 0;
  Bytes token(data + 1, data + size);
  if ((data[0] & 1) != 0) {
    fernet::HmacSha256 mac(BytesView(key).first(16));
    append(token, BytesView(mac.update(BytesView(token)).finish()));
  }
  std::optional<fernet::Lifetime> lifetime;
  if ((data[0] & 2) != 0) lifetime = fernet::Lifetime{std::chrono::seconds(60), from_unix_ms(1'000'000)};

  Bytes out = to_bytes("before");
  const bool opened = fernet::open_token(key, token, lifetime, out);
  if (text_view(BytesView(out).first(6)) != "before") std::abort();
  if (!opened && out.size() != 6) std::abort();
  if (opened && fernet::token_size(out.size() - 6) != token.size()) std::abort();

  fernet::open_text_token(text_key.text(), text_view(BytesView(data, size)), lifetime);
  const auto from_text = fernet::open_text_token(text_key.text(), to_base64url(token), lifetime);
  if (from_text.has_value() != opened) std::abort();
  return 0;
}
