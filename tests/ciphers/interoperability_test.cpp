// Tokens and keys against an independent implementation: python3-cryptography of the system.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "drawbridge/cipher_suite.h"
#include "drawbridge/envelope.h"
#include "fernet_token.h"
#include "support/node.h"

namespace drawbridge {
namespace {

/// What /usr/bin/python3 prints for a program that finds its files in the folder sys.argv[1]; nothing when it fails.
std::optional<std::string> python(const support::TempDir& folder, const std::string& program) {
  const auto file = folder.write("program.py", program);
  const std::string command = "/usr/bin/python3 " + file.string() + " " + folder.string() + " 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string out;
  std::array<char, 4096> part;
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe)) out.append(part.data(), got);
  if (::pclose(pipe) != 0) {
    std::printf("%s\n", out.c_str());
    return std::nullopt;
  }
  return out;
}

const std::string preamble =
    "import sys, os\n"
    "def read(name): return open(os.path.join(sys.argv[1], name), 'rb').read()\n"
    "def write(name, data): open(os.path.join(sys.argv[1], name), 'wb').write(data)\n";

class Interoperability : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(python(folder_, "import cryptography.fernet\n")) << "install Debian's python3-cryptography";
    node_ = support::start_node("node: {name: test}\nciphers:\n  suite: {plugin: cipher.fernet}\n");
    suite_ = node_->find<CipherSuite>("suite");
    ASSERT_TRUE(suite_);
  }
  support::TempDir folder_;
  std::unique_ptr<kernel::Node> node_;
  std::shared_ptr<CipherSuite> suite_;
};

TEST_F(Interoperability, PythonOpensAnExportedChunk) {
  const Secret data_key = system_random().secret(32);
  const Bytes content = system_random().bytes(200'000);
  EnvelopeSealer sealer(*suite_, data_key, system_random(), {"name", "type"});
  Bytes envelope;
  sealer.update(content, envelope);
  sealer.finish(envelope);
  EnvelopeOpener opener(*suite_, data_key, envelope, envelope.size());
  for (const std::uint64_t index : {std::uint64_t{1}, opener.chunk_count() - 1}) {
    const ChunkExtent extent = opener.chunk(index);
    folder_.write("key", std::string(opener.portable_key(index).text()));
    folder_.write("token", to_base64url(BytesView(envelope).subspan(extent.offset, extent.size)));
    const auto opened = python(folder_, preamble +
                                            "from cryptography.fernet import Fernet\n"
                                            "plain = Fernet(read('key')).decrypt(read('token'), ttl=3600)\n"
                                            "write('plain', plain)\n");
    ASSERT_TRUE(opened);
    const std::string plain = support::read_text(folder_ / "plain");
    ASSERT_GT(plain.size(), 0u);
    const std::string all = to_text(content);
    EXPECT_NE(all.find(plain), std::string::npos);
    if (index + 1 == opener.chunk_count()) {
      EXPECT_TRUE(all.ends_with(plain));
    }
  }
}

TEST_F(Interoperability, WeOpenATokenOfPython) {
  ASSERT_TRUE(python(folder_, preamble + "from cryptography.fernet import Fernet\n"
                                         "key = Fernet.generate_key()\n"
                                         "write('key', key)\n"
                                         "write('token', Fernet(key).encrypt(bytes(range(256)) * 300))\n"));
  const std::string key = support::read_text(folder_ / "key");
  const std::string token = support::read_text(folder_ / "token");
  const auto plain = fernet::open_text_token(key, token, std::nullopt);
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->size(), 256u * 300u);
  for (std::size_t i = 0; i < plain->size(); ++i) ASSERT_EQ(plain->bytes()[i], i % 256);
}

TEST_F(Interoperability, PythonUnwrapsOurKeyAndVerifiesOurSignature) {
  const KeyPair keys = suite_->generate_encryption_keys();
  const Secret data_key = system_random().secret(32);
  const auto write = [&](const char* name, BytesView bytes) { folder_.write(name, to_text(bytes)); };
  write("private", keys.private_key.bytes());
  write("public", keys.public_key);
  write("wrapped", suite_->wrap(keys.public_key, view("context"), data_key));
  write("signature", suite_->sign(keys.private_key, view("message")));
  ASSERT_TRUE(python(folder_, preamble + "import hashlib\n"
                                         "from cryptography.hazmat.primitives import hashes, serialization\n"
                                         "from cryptography.hazmat.primitives.asymmetric import padding\n"
                                         "private = serialization.load_der_private_key(read('private'), None)\n"
                                         "public = serialization.load_der_public_key(read('public'))\n"
                                         "mgf = padding.MGF1(hashes.SHA256())\n"
                                         "label = hashlib.sha256(b'context').digest()\n"
                                         "oaep = padding.OAEP(mgf, hashes.SHA256(), label)\n"
                                         "pss = padding.PSS(mgf, 32)\n"
                                         "write('opened', private.decrypt(read('wrapped'), oaep))\n"
                                         "public.verify(read('signature'), b'message', pss, hashes.SHA256())\n"
                                         "write('wrapped', public.encrypt(bytes(range(32)), oaep))\n"
                                         "write('signature', private.sign(b'from python', pss, hashes.SHA256()))\n"));
  EXPECT_TRUE(data_key.equals(view(support::read_text(folder_ / "opened"))));
  const std::string wrapped = support::read_text(folder_ / "wrapped");
  const Secret opened = suite_->unwrap(keys.private_key, view("context"), view(wrapped));
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(opened.bytes()[i], i);
  const std::string signature = support::read_text(folder_ / "signature");
  EXPECT_TRUE(suite_->verify(keys.public_key, view("from python"), view(signature)));
}

}  // namespace
}  // namespace drawbridge
