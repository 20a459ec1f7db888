// Notes and proof files as text: what is written, and what is read.
#include <gtest/gtest.h>

#include "drawbridge/cbor.h"
#include "drawbridge/merkle.h"
#include "fixture.h"

namespace drawbridge::test {
namespace {

const std::string origin = "drawbridge/node_x";
const Checkpoint checkpoint{origin, 42, sha256(view("root"))};

std::string note() {
  return sign_checkpoint(checkpoint, labelled_key("alice").seed);
}
Checkpoint read(const std::string& text) {
  return verify_checkpoint(text, origin, labelled_key("alice").public_key);
}

/// A note with any text, signed by alice.
std::string signed_note(const std::string& text) {
  const std::string good = note();
  const std::string line = good.substr(good.find("\n\n") + 2);
  const auto space = line.rfind(' ');
  Bytes signature = *from_base64(line.substr(space + 1, line.size() - space - 2));
  signature.resize(4);
  append(signature, ed25519_sign(labelled_key("alice").seed, view(text)));
  return text + "\n" + line.substr(0, space + 1) + to_base64(signature) + "\n";
}

std::string text_of(const std::string& size, const std::string& root = to_base64(checkpoint.root)) {
  return origin + "\n" + size + "\n" + root + "\n";
}

TEST(CheckpointNote, IsReadBack) {
  EXPECT_EQ(read(note()), checkpoint);
  EXPECT_EQ(note(), note());
  EXPECT_TRUE(note().starts_with(text_of("42") + "\n\u2014 " + origin + " "));
  EXPECT_EQ(read(signed_note(text_of("42"))), checkpoint);
}

TEST(CheckpointNote, MalformedTextIsInvalid) {
  const std::string root = to_base64(checkpoint.root);
  const std::vector<std::string> texts = {origin + "\n",
                                          origin + "\n42\n",
                                          text_of("042"),
                                          text_of("+42"),
                                          text_of("-1"),
                                          text_of("0x2a"),
                                          text_of(""),
                                          text_of(" 42"),
                                          text_of("42 "),
                                          text_of("9223372036854775808"),
                                          text_of("42", ""),
                                          text_of("42", root + "="),
                                          text_of("42", "AAAA"),
                                          "\n42\n" + root + "\n",
                                          text_of("42") + "\n",
                                          text_of("42") + "\n\n",
                                          text_of("42") + "line\n\n",
                                          text_of("99999999999999999999999")};
  for (const std::string& text : texts) {
    EXPECT_EQ(name(thrown_by([&] { read(signed_note(text)); }).code()), "invalid") << text;
  }
  EXPECT_EQ(read(signed_note(text_of("9223372036854775807"))).size, 9223372036854775807U);
  EXPECT_EQ(read(signed_note(text_of("0"))).size, 0U);
  EXPECT_EQ(read(signed_note(text_of("42") + "an extension\nand another\n")), checkpoint);
}

TEST(CheckpointNote, MalformedNoteIsInvalid) {
  const std::string good = note();
  const std::string signature = good.substr(good.find("\n\n") + 2);
  const std::string head = text_of("42") + "\n";
  const std::string dash = "\u2014 ";
  const std::vector<std::string> notes = {"",
                                          "\n",
                                          "\n\n",
                                          head,
                                          head + signature + "\n",
                                          head + signature.substr(0, signature.size() - 1),
                                          head + "- " + signature.substr(dash.size()),
                                          head + dash + origin + "\n",
                                          head + dash + origin + " \n",
                                          head + dash + origin + " AAAA\n",
                                          head + dash + origin + " AAAAA===\n",
                                          head + dash + " AAAAAAAA\n" + signature,
                                          head + dash + "a+b AAAAAAAA\n" + signature,
                                          head + dash + "a\u00a0b AAAAAAAA\n" + signature,
                                          head + dash + "a\u3000b AAAAAAAA\n" + signature,
                                          head + dash + "a\rb AAAAAAAA\n" + signature,
                                          head + dash + "a\xff AAAAAAAA\n" + signature,
                                          head + dash + "a  AAAAAAAA\n" + signature,
                                          head + std::string(64_KiB, 'x') + "\n" + signature};
  for (const std::string& text : notes) {
    EXPECT_EQ(name(thrown_by([&] { read(text); }).code()), "invalid") << text.substr(0, 300);
  }
  EXPECT_EQ(read(head + dash + "witness/x AAAAAAAA\n" + signature), checkpoint);
}

TEST(CheckpointNote, WrongSignatureIsForbidden) {
  const std::string good = note();
  const auto bob = labelled_key("bob");
  EXPECT_EQ(name(thrown_by([&] { verify_checkpoint(good, origin, bob.public_key); }).code()), "forbidden");
  EXPECT_EQ(
      name(thrown_by([&] { verify_checkpoint(good, "drawbridge/node_y", labelled_key("alice").public_key); }).code()),
      "forbidden");
  // Bob's signature under alice's name is another key's, and ignored.
  const std::string bobs = sign_checkpoint(checkpoint, bob.seed);
  EXPECT_EQ(name(thrown_by([&] { read(bobs); }).code()), "forbidden");
  EXPECT_EQ(read(good + bobs.substr(bobs.find("\n\n") + 2)), checkpoint);
  // A second signature by alice that does not hold spoils the note.
  const std::string other = sign_checkpoint({origin, 43, checkpoint.root}, labelled_key("alice").seed);
  EXPECT_EQ(name(thrown_by([&] { read(good + other.substr(other.find("\n\n") + 2)); }).code()), "forbidden");
}

TEST(CheckpointNote, OriginOfAnotherLogIsForbidden) {
  const std::string text = "drawbridge/node_y\n42\n" + to_base64(checkpoint.root) + "\n";
  EXPECT_EQ(name(thrown_by([&] { read(signed_note(text)); }).code()), "forbidden");
}

TEST(CheckpointNote, BadOriginIsNotSigned) {
  for (const char* bad : {"", "a b", "a+b", "a\nb", "a\u2003b", "\xff"}) {
    const Error error = thrown_by([&] { sign_checkpoint({bad, 1, checkpoint.root}, labelled_key("alice").seed); });
    EXPECT_EQ(name(error.code()), "invalid") << bad;
  }
}

TEST(ProofFile, IsReadBack) {
  const TlogProof proof{to_bytes("extra"), 17, {sha256(view("a")), sha256(view("b"))}, note()};
  const std::string text = format_proof(proof);
  const TlogProof read = parse_proof(text);
  EXPECT_EQ(read.extra, proof.extra);
  EXPECT_EQ(read.index, proof.index);
  EXPECT_EQ(read.hashes, proof.hashes);
  EXPECT_EQ(read.checkpoint, proof.checkpoint);
  const TlogProof bare{{}, 0, {}, note()};
  EXPECT_EQ(format_proof(bare), "c2sp.org/tlog-proof@v1\nindex 0\n\n" + note());
  EXPECT_EQ(format_proof(parse_proof(format_proof(bare))), format_proof(bare));
}

TEST(ProofFile, MalformedIsInvalid) {
  const std::string hash = to_base64(sha256({})) + "\n";
  const std::string first = "c2sp.org/tlog-proof@v1\n";
  std::string many = first + "index 1\n";
  for (int i = 0; i < 64; ++i) many += hash;
  const std::vector<std::string> texts = {"",
                                          "c2sp.org/tlog-proof@v2\nindex 1\n\nx\n",
                                          first,
                                          first + "index 1\n",
                                          first + "index 1\n\n",
                                          first + "index 01\n\nx\n",
                                          first + "index -1\n\nx\n",
                                          first + "index\n\nx\n",
                                          first + "index 9223372036854775808\n\nx\n",
                                          first + "extra \nindex 1\n\nx\n",
                                          first + "extra AAB=\nindex 1\n\nx\n",
                                          first + "extra AAA=\nextra AAA=\nindex 1\n\nx\n",
                                          first + "index 1\nextra AAA=\n\nx\n",
                                          first + "index 1\nAAAA\n\nx\n",
                                          first + "index 1\n" + hash + "x\n",
                                          first + "index 1\r\n\nx\n",
                                          many + "\nx\n",
                                          first + "index 1\n\n" + std::string(64_KiB, 'x')};
  for (const std::string& text : texts) {
    EXPECT_EQ(name(thrown_by([&] { parse_proof(text); }).code()), "invalid") << text.substr(0, 300);
  }
}

TEST(LedgerEntry, IsReadBackAndStrict) {
  const Timestamp time = from_unix_ms(1'700'000'000'123);
  const Bytes entry = encode_entry("shared", time, sha256({}));
  const LedgerEvent event = decode_entry(entry);
  EXPECT_EQ(event.type, "shared");
  EXPECT_EQ(event.time, time);
  EXPECT_EQ(event.commitment, sha256({}));
  EXPECT_EQ(event.leaf, merkle_leaf(entry));

  const CborMap good = decode_cbor(entry).map();
  std::vector<CborMap> bad(8, good);
  bad[0].erase("v");
  bad[1]["v"] = Cbor(2);
  bad[2]["more"] = Cbor(1);
  bad[3]["type"] = Cbor("Shared");
  bad[4]["time"] = Cbor(-1);
  bad[5]["time"] = Cbor(std::uint64_t{253402300800000});
  bad[6]["commitment"] = Cbor(Bytes(31));
  bad[7]["commitment"] = Cbor(std::string(32, 'x'));
  for (const CborMap& map : bad) {
    EXPECT_EQ(name(thrown_by([&] { decode_entry(encode(Cbor(map))); }).code()), "invalid");
  }
  EXPECT_EQ(name(thrown_by([&] { decode_entry({}); }).code()), "invalid");
  EXPECT_EQ(name(thrown_by([&] { encode_entry("", time, sha256({})); }).code()), "invalid");
  EXPECT_EQ(name(thrown_by([&] { encode_entry("a", from_unix_ms(-1), sha256({})); }).code()), "invalid");
  EXPECT_EQ(name(thrown_by([&] { event_commitment(Bytes(31), {}); }).code()), "invalid");
}

}  // namespace
}  // namespace drawbridge::test
