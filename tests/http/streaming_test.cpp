#include <cstdio>
#include <fstream>

#include "drawbridge/hash.h"
#include "fixture.h"

namespace drawbridge::http::test {
namespace {

constexpr std::uint64_t much = 100_MiB;

std::uint64_t status_kib(const char* name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::uint64_t kib = 0;
    if (word == name && status >> kib) return kib;
  }
  return 0;
}

// The most memory that the process has had since `reset_peak`.
std::uint64_t peak_kib() {
  return status_kib("VmHWM:");
}
bool reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
  file.close();
  return file.good();
}

class StreamingTest : public ServerTest {
 protected:
  // Client and server are in this process: both have to be frugal.
  template <class Work>
  static void in_constant_memory(Work work) {
    if (!reset_peak()) {
      std::printf("left out: this system does not tell the peak of memory\n");
      return;
    }
    const auto before = status_kib("VmRSS:");
    work();
    const auto after = peak_kib();
    EXPECT_LT(after, before + 24 * 1024) << "grew by " << (after - before) << " KiB";
  }
};

TEST_F(StreamingTest, UploadsInConstantMemory) {
  start();
  for (const bool sized : {true, false}) {
    in_constant_memory([&] {
      std::uint64_t given = 0;
      std::uint64_t told = 0;
      Sha256 hasher;
      ClientRequest request{.method = "POST", .target = "/upload"};
      request.source = [&](MutableBytes out) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), much - given));
        for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(given + i);
        hasher.update(out.first(count));
        given += count;
        return count;
      };
      if (sized) request.source_length = much;
      request.progress = [&](std::uint64_t done, std::optional<std::uint64_t> total) {
        told = done;
        EXPECT_EQ(total.has_value(), sized);
      };
      const auto response = client().send(request);
      EXPECT_EQ(response.body, to_hex(hasher.finish()));
      EXPECT_EQ(told, much);
    });
  }
  EXPECT_EQ(taken_, 2 * much);
}

TEST_F(StreamingTest, DownloadsInConstantMemory) {
  start();
  std::vector<std::string> digests;
  for (const auto* form : {"", "?chunked", "?long", "?chunked-long"}) {
    in_constant_memory([&] {
      std::uint64_t got = 0;
      Sha256 hasher;
      ClientRequest request{.target = "/download/" + std::to_string(much) + form};
      request.sink = [&](BytesView piece) {
        got += piece.size();
        hasher.update(piece);
      };
      EXPECT_EQ(client().send(request).status, 200);
      EXPECT_EQ(got, much);
      digests.push_back(to_hex(hasher.finish()));
    });
  }
  EXPECT_EQ(digests, std::vector<std::string>(4, digests.at(0)));
}

TEST_F(StreamingTest, ErrorsBeforeTheFirstByteAreAnswers) {
  start();
  auto raw = connect();
  const auto early = raw.ask(get("/broken/early"));
  EXPECT_EQ(early.status, 410);
  EXPECT_NE(early.body.find("it is over"), std::string::npos);
  EXPECT_EQ(raw.ask(get("/open")).status, 200);
}

TEST_F(StreamingTest, LaterErrorsCutTheConnection) {
  start();
  auto late = connect();
  EXPECT_EQ(late.ask(get("/broken/late")).status, 0);
  auto too_short = connect();
  EXPECT_EQ(too_short.ask(get("/short")).status, 0);
  EXPECT_NE(host_.logged().find("shorter than it promised"), std::string::npos);
  EXPECT_THROW(client().get("/broken/late"), Error);
}

TEST_F(StreamingTest, OthersAreServedMeanwhile) {
  start();
  auto slow = connect();
  slow.send(get("/download/1000000000"));
  for (int i = 0; i < 20; ++i) {
    auto raw = connect();
    EXPECT_EQ(raw.ask(get("/open")).status, 200);
  }
}

}  // namespace
}  // namespace drawbridge::http::test
