// Which files are plugins: everything else is refused before any of its code could run.
#include "kernel/loader.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>

#include "drawbridge/plugin.h"
#include "fixture.h"
#include "kernel/elf_section.h"

namespace drawbridge::test {
namespace {

/// A copy of the recorder, to be damaged.
class Copies : public testing::Test {
 protected:
  Copies() : content_(support::read_text(plugin_file("test.recorder"))) {}

  std::size_t descriptor() const {
    const auto section = kernel::elf_section(view(content_), plugin_section);
    return static_cast<std::size_t>(section.value().data() - view(content_).data());
  }
  void patch(std::size_t offset, std::string_view bytes) {
    content_.replace(descriptor() + offset, bytes.size(), bytes);
  }
  void expect(Code code, const std::string& part, const std::string& id = "test.recorder") const {
    const auto file = dir_.write(id + ".so", content_, 0755);
    expect_throws(code, part, [&] { kernel::Loader({dir_.path()}).load(id); });
    expect_throws(code, file.string(), [&] { kernel::Loader({dir_.path()}).load(id); });
  }

  support::TempDir dir_;
  std::string content_;
};

TEST(Loader, LoadsAPluginAndKeepsWhatItSays) {
  const auto plugin = test_loader().load("test.recorder");
  EXPECT_EQ(plugin.id, "test.recorder");
  EXPECT_EQ(plugin.version, "1.2.3");
  EXPECT_EQ(plugin.summary, "Writes down what happens to it.");
  EXPECT_EQ(plugin.file, plugin_file("test.recorder"));
  EXPECT_TRUE(plugin.create());
}

TEST(Loader, TheFirstFolderWins) {
  const support::TempDir dir;
  std::filesystem::copy_file(plugin_file("test.bare"), dir / "test.bare.so");
  const kernel::Loader loader({dir / "missing", dir.path(), DRAWBRIDGE_KERNEL_TEST_PLUGINS});
  EXPECT_EQ(loader.load("test.bare").file, dir / "test.bare.so");
  EXPECT_EQ(loader.load("test.recorder").file, plugin_file("test.recorder"));
}

TEST(Loader, KnowsEveryId) {
  EXPECT_EQ(test_loader().known_ids(),
            (std::vector<std::string>{"test.bare", "test.library", "test.options", "test.recorder", "test.twice"}));
  EXPECT_TRUE(kernel::Loader({"/nonexistent"}).known_ids().empty());
}

TEST(Loader, AMissingPluginIsToldWithTheNearestAndTheFolders) {
  const auto load = [](const std::string& id) { return [id] { test_loader().load(id); }; };
  expect_throws(Code::not_found, "there is no plugin `test.recoder`, did you mean `test.recorder`?",
                load("test.recoder"));
  expect_throws(Code::not_found, "did you mean `test.recorder`?", load("recorder"));
  expect_throws(Code::not_found, "searched for quite.else.so in: " DRAWBRIDGE_KERNEL_TEST_PLUGINS, load("quite.else"));
  for (const auto* id : {"", "../test.bare", "a/b", ".hidden"})
    expect_throws(Code::invalid, "is not a plugin id", load(id));
}

TEST(Loader, ALibraryThatIsNoPluginIsNotRun) {
  expect_throws(Code::invalid, "test.library.so is a shared library but not a plugin",
                [] { test_loader().load("test.library"); });
}

TEST_F(Copies, AFileThatIsNotElfIsRefused) {
  content_ = "#!/bin/sh\n";
  expect(Code::invalid, "is not a shared library");
  content_ = "";
  expect(Code::invalid, "is not a shared library");
  std::filesystem::create_directory(dir_ / "test.folder.so");
  expect_throws(Code::unavailable, "cannot be read: not a regular file",
                [&] { kernel::Loader({dir_.path()}).load("test.folder"); });
}

TEST_F(Copies, AnotherMachineOrKindOfFileIsRefused) {
  content_[4] = 1;
  expect(Code::invalid, "64-bit");
  content_[4] = 2;
  content_[16] = 1;
  expect(Code::invalid, "is an ELF file but not a shared library");
}

TEST_F(Copies, ATruncatedFileIsRefused) {
  const auto whole = content_;
  for (const auto size : {whole.size() - 1, whole.size() / 2, std::size_t{64}, std::size_t{63}, std::size_t{5}}) {
    content_ = whole.substr(0, size);
    expect(Code::invalid, "is truncated");
  }
}

TEST_F(Copies, AnotherBuildTagIsRefusedAndBothAreNamed) {
  patch(offsetof(PluginDescriptor, build_tag), "zzz");
  const std::string own = DRAWBRIDGE_BUILD_TAG;
  expect(Code::unsupported, "was built as 'zzz" + own.substr(3) + "', this is '" + own + "' (rebuild the plugin");
}

TEST_F(Copies, ABuildTagThatFillsItsFieldDoesNotRunOver) {
  patch(offsetof(PluginDescriptor, build_tag), std::string(sizeof(PluginDescriptor::build_tag), 'z'));
  expect(Code::unsupported, "zzz', this is");
}

TEST_F(Copies, AnotherAbiOrSizeIsRefused) {
  patch(offsetof(PluginDescriptor, abi), std::string("\x07\0\0\0", 4));
  expect(Code::unsupported, "was made for SDK ABI 7, this is 1");
  patch(offsetof(PluginDescriptor, abi), std::string("\x01\0\0\0", 4));
  patch(offsetof(PluginDescriptor, size), std::string("\x01", 1));
  expect(Code::unsupported, "was made for SDK ABI");
}

TEST_F(Copies, AnotherMagicIsRefused) {
  patch(0, "x");
  expect(Code::invalid, "unknown format");
}

TEST_F(Copies, AnIdThatIsNotTheFilesNameIsRefused) {
  expect(Code::invalid, "is the plugin `test.recorder` (name the file test.recorder.so)", "test.other");
}

TEST_F(Copies, TheConfigurationNamesThePlace) {
  patch(offsetof(PluginDescriptor, build_tag), "zzz");
  dir_.write("test.recorder.so", content_);
  auto options = test_options();
  options.plugin_dirs = {dir_.path()};
  expect_throws(Code::invalid, "test.yaml:2:20: " + (dir_ / "test.recorder.so").string() + " was built as 'zzz", [&] {
    kernel::Node::from_text("node: {name: a}\nx: {main: {plugin: test.recorder}}\n", "test.yaml", options);
  });
}

TEST_F(Copies, OffsetsThatWrapAroundAreRefused) {
  const auto whole = content_;
  const auto put = [&](std::size_t at, std::uint64_t value) {
    std::memcpy(content_.data() + at, &value, sizeof(value));
  };
  std::uint64_t table = 0;
  std::memcpy(&table, content_.data() + 40, sizeof(table));
  put(40, ~std::uint64_t{0} - 7);  // of the section table
  expect(Code::invalid, "is truncated");
  for (std::size_t at = table; at + 64 <= whole.size(); at += 64) {  // of every section, the table of names among them
    content_ = whole;
    put(at + 24, ~std::uint64_t{0} - 7);
    put(at + 32, 16);
    try {
      kernel::read_descriptor(view(content_), "test.recorder");
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "is truncated");
    }
  }
}

TEST_F(Copies, DamagedTablesAreRefusedWithoutHarm) {
  std::mt19937 random(7);  // the same damage on every run
  const auto whole = content_;
  std::uint64_t table = 0;
  std::memcpy(&table, whole.data() + 40, sizeof(table));
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    content_ = whole;
    for (int i = 0; i < 4; ++i) {
      const bool header = random() % 2 == 0;
      const auto at = header ? random() % 64 : table + random() % (whole.size() - table);
      content_[at] = static_cast<char>(random() % 2 ? random() : (random() % 2 ? 0xff : 0));
    }
    try {
      kernel::read_descriptor(view(content_), "test.recorder");
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()), "");
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(ElfSection, AnEmptyOrTinyFileIsRefused) {
  const std::string magic =
      "\x7f"
      "ELF";
  for (std::size_t size = 0; size <= magic.size(); ++size) {
    expect_throws(Code::invalid, "is ", [&] { kernel::elf_section(view(magic).first(size), ".text"); });
  }
}

}  // namespace
}  // namespace drawbridge::test
