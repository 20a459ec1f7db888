#include "head.h"

#include <gtest/gtest.h>

namespace drawbridge::http {
namespace {

struct Parsed {
  RequestHead head;
  int status = 0;
};

Parsed parse(const std::string& text) {
  static std::string kept;  // the head's views point into it
  kept = text;
  Parsed out;
  RequestParser parser(out.head);
  out.status = parser.parse_head(kept).status;
  return out;
}

std::string with(const std::string& fields) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

TEST(Head, Parses) {
  const auto [head, status] = parse("GET /a/b?c=d&e HTTP/1.1\r\nHost: h\r\nX-Thing:  value \r\nEmpty:\r\n\r\n");
  EXPECT_EQ(status, 0);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, "c=d&e");
  EXPECT_EQ(head.field("x-thing"), "value");
  EXPECT_EQ(head.field("empty"), "");
  EXPECT_EQ(head.field("none"), std::nullopt);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.content_length, 0U);
}

TEST(Head, KnowsPersistence) {
  EXPECT_FALSE(parse(with("Connection: close\r\n")).head.keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keep_alive);
}

TEST(Head, KnowsBodies) {
  EXPECT_EQ(parse(with("Content-Length: 12\r\n")).head.content_length, 12U);
  const auto chunked = parse(with("Transfer-Encoding: Chunked\r\nExpect: 100-continue\r\n"));
  EXPECT_TRUE(chunked.head.chunked);
  EXPECT_TRUE(chunked.head.expects_continue);
  EXPECT_FALSE(chunked.head.content_length);
}

TEST(Head, TakesTheAbsoluteForm) {
  EXPECT_EQ(parse("GET http://h:1/x?y HTTP/1.1\r\nHost: h\r\n\r\n").head.path, "/x");
  EXPECT_EQ(parse("GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n").head.path, "/");
}

TEST(Head, RefusesWhatTwoServersCouldReadDifferently) {
  EXPECT_EQ(parse(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")).status, 400);
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length: 1\r\nContent-Length: 1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length: 1, 1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length: +1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length: 0x1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length: -1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length:\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length: 99999999999999999999\r\n")).status, 400);
  EXPECT_EQ(parse(with("Content-Length : 1\r\n")).status, 400);
  EXPECT_EQ(parse(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")).status, 400);
  EXPECT_EQ(parse(with("Transfer-Encoding: gzip, chunked\r\n")).status, 501);
  EXPECT_EQ(parse(with("Transfer-Encoding: xchunked\r\n")).status, 501);
  EXPECT_EQ(parse(with("Transfer-Encoding: identity\r\n")).status, 501);
  EXPECT_EQ(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").status, 400);
  EXPECT_EQ(parse(with("X: a\r\n b\r\n")).status, 400);
  EXPECT_EQ(parse(with(" X: a\r\n")).status, 400);
  EXPECT_EQ(parse(with("X\x01: a\r\n")).status, 400);
  EXPECT_EQ(parse(with(std::string("X: a\0b\r\n", 8))).status, 400);
  EXPECT_EQ(parse(with("X: a\nY: b\r\n")).status, 400);
  EXPECT_EQ(parse(with("Host: other\r\n")).status, 400);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n").status, 400);
}

TEST(Head, RefusesMalformedRequestLines) {
  for (const auto* line : {"GET", "GET /", "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / http/1.1", " GET / HTTP/1.1",
                           "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "G@T / HTTP/1.1", "GET /\x01 HTTP/1.1",
                           "GET * HTTP/1.1", "GET a HTTP/1.1", "CONNECT h:1 HTTP/1.1"}) {
    EXPECT_EQ(parse(std::string(line) + "\r\nHost: h\r\n\r\n").status, 400) << line;
  }
}

TEST(Head, BoundsTheNumberOfFields) {
  std::string fields;
  for (int i = 0; i < 200; ++i) fields += "X: y\r\n";
  EXPECT_EQ(parse(with(fields)).status, 431);
}

std::string decode(const std::string& chunks, std::size_t step, std::size_t room, std::size_t& used) {
  RequestHead head;
  RequestParser parser(head);
  const std::string text = with("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(parser.parse_head(text).status, 0);
  std::string out;
  std::size_t begin = 0;
  std::size_t end = std::min(step, chunks.size());
  Bytes space(room);
  for (;;) {
    const auto decoded = parser.decode(std::string_view(chunks).substr(begin, end - begin), space);
    begin += decoded.consumed;
    out += text_view(BytesView(space).first(decoded.written));
    used = begin;
    if (decoded.done) return out;
    if (decoded.malformed) return "malformed";
    if (decoded.written > 0) continue;
    if (end == chunks.size()) return "incomplete";
    end = std::min(end + step, chunks.size());
  }
}

TEST(Chunks, DecodeInPiecesOfAnySize) {
  const std::string body = "5;ext=\"a b\"\r\nhello\r\n1\r\n,\r\n00006\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step = 1; step < 20; ++step) {
    for (std::size_t room = 1; room < 8; ++room) {
      std::size_t used = 0;
      EXPECT_EQ(decode(body + "GET", step, room, used), "hello, world") << step << " " << room;
      EXPECT_EQ(used, body.size());
    }
  }
}

TEST(Chunks, RefuseBadFraming) {
  std::size_t used = 0;
  for (const auto* body :
       {"g\r\n", "-1\r\n", "\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "10000000000000000\r\n", "5\nhello\r\n", "1 \nx\r\n"}) {
    EXPECT_EQ(decode(body, 100, 100, used), "malformed") << body;
  }
  EXPECT_EQ(decode("5\r\nhel", 100, 100, used), "incomplete");
  EXPECT_EQ(decode("0\r\n", 100, 100, used), "incomplete");
}

}  // namespace
}  // namespace drawbridge::http
