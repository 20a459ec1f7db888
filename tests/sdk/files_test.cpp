#include "drawbridge/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "fixture.h"
#include "support/node.h"

namespace drawbridge {
namespace {

using support::TempDir;
using test::expect_throws;

unsigned mode_of(const std::filesystem::path& file) {
  struct stat status {};
  EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
  return status.st_mode & 07777;
}

std::size_t entries_in(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(Files, WriteAndRead) {
  const TempDir dir;
  const auto file = dir / "a";
  for (const std::size_t size : {0u, 1u, 16384u, 16385u, 100'000u}) {
    const Bytes content(size, 5);
    write_file(file, content, 0600);
    EXPECT_EQ(read_file(file, size), content);
    EXPECT_EQ(entries_in(dir.path()), 1u);
    if (size > 0) expect_throws(Code::too_large, [&] { read_file(file, size - 1); });
  }
}

TEST(Files, ModeIsAsAskedWhateverTheUmask) {
  const TempDir dir;
  const mode_t before = ::umask(077);
  write_file(dir / "open", view("x"), 0644);
  ::umask(0);
  write_file(dir / "closed", view("x"), 0600);
  write_file(dir / "open", view("y"), 0600);
  ::umask(before);
  EXPECT_EQ(mode_of(dir / "closed"), 0600u);
  EXPECT_EQ(mode_of(dir / "open"), 0600u);
  write_file(dir / "open", view("z"), 0644);
  EXPECT_EQ(mode_of(dir / "open"), 0644u);
}

TEST(Files, ALeftoverOfACrashDoesNotHinder) {
  const TempDir dir;
  dir.write("a.new", "half", 0666);
  write_file(dir / "a", view("whole"), 0600);
  EXPECT_EQ(to_text(read_file(dir / "a", 100)), "whole");
  EXPECT_EQ(mode_of(dir / "a"), 0600u);
  EXPECT_EQ(entries_in(dir.path()), 1u);
}

TEST(Files, AFailedWriteKeepsWhatWasThere) {
  const TempDir dir;
  // A folder in the place of the file cannot be replaced; a folder in the place of the new file cannot be made.
  std::filesystem::create_directories(dir / "folder" / "inner");
  expect_throws(Code::unavailable, [&] { write_file(dir / "folder", view("x"), 0600); });
  EXPECT_TRUE(std::filesystem::is_directory(dir / "folder" / "inner"));
  EXPECT_FALSE(std::filesystem::exists(dir / "folder.new"));

  write_file(dir / "a", view("old"), 0600);
  std::filesystem::create_directories(dir / "a.new");
  expect_throws(Code::unavailable, [&] { write_file(dir / "a", view("new"), 0600); });
  EXPECT_EQ(to_text(read_file(dir / "a", 100)), "old");
}

TEST(Files, WhatIsMissing) {
  const TempDir dir;
  expect_throws(Code::unavailable, [&] { write_file(dir / "none" / "a", view("x"), 0600); });
  expect_throws(Code::not_found, [&] { read_file(dir / "none", 100); });
  expect_throws(Code::unavailable, [&] { read_file(dir.path(), 100); });
  expect_throws(Code::not_found, [&] { read_secret_file(dir / "none"); });
}

TEST(Files, SecretFile) {
  const TempDir dir;
  EXPECT_EQ(read_secret_file(dir.write("a", "secret\n")).text(), "secret");
  EXPECT_EQ(read_secret_file(dir.write("b", "secret")).text(), "secret");
  EXPECT_EQ(read_secret_file(dir.write("c", "secret\n\n")).text(), "secret\n");
  EXPECT_EQ(read_secret_file(dir.write("d", " s\r\n", 0400)).text(), " s\r");
  expect_throws(Code::invalid, [&] { read_secret_file(dir.write("e", "")); });
  expect_throws(Code::invalid, [&] { read_secret_file(dir.write("f", "\n")); });
  expect_throws(Code::too_large, [&] { read_secret_file(dir.write("g", std::string(65537, 'x'))); });
}

TEST(Files, SecretFileThatOthersMayTouchIsRefused) {
  const TempDir dir;
  for (const unsigned bit : {0001u, 0002u, 0004u, 0010u, 0020u, 0040u}) {
    const auto file = dir.write("a", "secret", 0600 | bit);
    try {
      read_secret_file(file);
      ADD_FAILURE() << "taken with the bit " << bit;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::forbidden);
      EXPECT_NE(error.hint().find("chmod 600"), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
    }
    std::filesystem::remove(file);
  }
}

TEST(Files, SecretFileIsARegularOneOfThisUser) {
  const TempDir dir;
  expect_throws(Code::forbidden, [&] { read_secret_file(dir.path()); });
  const auto pipe = dir / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  expect_throws(Code::forbidden, [&] { read_secret_file(pipe); });
  if (::geteuid() != 0) return;  // only root can give a file away
  const auto file = dir.write("a", "secret");
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  expect_throws(Code::forbidden, [&] { read_secret_file(file); });
}

}  // namespace
}  // namespace drawbridge
