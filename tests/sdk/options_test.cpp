#include "drawbridge/options.h"

#include "drawbridge/records.h"
#include "fixture.h"

namespace drawbridge {
namespace {

using namespace std::chrono_literals;
using test::expect_throws;
using Kind = OptionSpec::Kind;

/// Collects what is declared, as the kernel does.
class Declared final : public Options {
 public:
  const OptionSpec& at(const std::string& name) const {
    for (const auto& spec : specs_) {
      if (spec.name == name) return spec;
    }
    throw std::out_of_range(name);
  }
  void set(const std::string& name, std::vector<std::string> values) const { at(name).set(values); }
  void refuses(const std::string& name, const std::vector<std::string>& values) const {
    expect_throws(
        Code::invalid, [&] { at(name).set(values); }, name + " = " + (values.empty() ? "" : values.front()));
  }

 private:
  void add(OptionSpec spec) override { specs_.push_back(std::move(spec)); }
  std::vector<OptionSpec> specs_;
};

TEST(Options, Texts) {
  Declared o;
  std::string text = "default", required, path, required_path;
  o.text("text", text, "A text.");
  o.required_text("required", required, "Another.");
  o.path("path", path, "A path.");
  o.required_path("required_path", required_path, "Another.");
  EXPECT_EQ(o.at("text").kind, Kind::text);
  EXPECT_EQ(o.at("text").default_text, "default");
  EXPECT_EQ(o.at("text").doc, "A text.");
  EXPECT_FALSE(o.at("text").required);
  EXPECT_TRUE(o.at("required").required);
  EXPECT_EQ(o.at("path").kind, Kind::path);
  EXPECT_FALSE(o.at("path").required);
  EXPECT_TRUE(o.at("required_path").required);
  o.set("text", {"given"});
  EXPECT_EQ(text, "given");
  o.refuses("text", {""});
  o.refuses("text", {});
  o.refuses("text", {"a", "b"});
  EXPECT_EQ(text, "given");
}

TEST(Options, Numbers) {
  Declared o;
  int number = 7;
  std::uint16_t small = 1;
  o.number("number", number, {-5, 10}, "A number.");
  o.number("small", small, {std::uint16_t{0}, std::uint16_t{65535}}, "A port.");
  EXPECT_EQ(o.at("number").default_text, "7");
  EXPECT_EQ(o.at("number").bounds, "-5 to 10");
  for (const int value : {-5, 0, 10}) {
    o.set("number", {std::to_string(value)});
    EXPECT_EQ(number, value);
  }
  for (const auto* bad : {"", "-6", "11", "1.0", "1e1", "0x1", " 1", "1 ", "one", "99999999999999999999", "+1"}) {
    o.refuses("number", {bad});
  }
  EXPECT_EQ(number, 10);
  o.set("small", {"65535"});
  EXPECT_EQ(small, 65535);
  o.refuses("small", {"65536"});
  o.refuses("small", {"-1"});
}

TEST(Options, SizesAndDurations) {
  Declared o;
  std::uint64_t size = 64_MiB;
  Milliseconds duration = 30s;
  o.size("size", size, {1_KiB, 1_GiB}, "A size.");
  o.duration("duration", duration, {1s, 1h}, "A duration.");
  EXPECT_EQ(o.at("size").default_text, "64MiB");
  EXPECT_EQ(o.at("size").bounds, "1KiB to 1GiB");
  EXPECT_EQ(o.at("duration").default_text, "30s");
  EXPECT_EQ(o.at("duration").bounds, "1s to 1h");
  o.set("size", {"1KiB"});
  EXPECT_EQ(size, 1_KiB);
  o.set("size", {"1GiB"});
  EXPECT_EQ(size, 1_GiB);
  o.set("duration", {"1h"});
  EXPECT_EQ(duration, 1h);
  for (const auto* bad : {"", "1023", "1025MiB", "1GB", "-1KiB"}) o.refuses("size", {bad});
  for (const auto* bad : {"", "30", "999ms", "3601s", "-1s"}) o.refuses("duration", {bad});
  EXPECT_EQ(size, 1_GiB);
  EXPECT_EQ(duration, 1h);
}

TEST(Options, FlagsChoicesLists) {
  Declared o;
  bool flag = true;
  std::string choice = "one";
  std::vector<std::string> list{"a", "b"}, empty;
  o.flag("flag", flag, "A flag.");
  o.choice("choice", choice, {"one", "two"}, "A choice.");
  o.list("list", list, "A list.");
  o.list("empty", empty, "A list.");
  EXPECT_EQ(o.at("flag").default_text, "true");
  EXPECT_EQ(o.at("choice").bounds, "one, two");
  EXPECT_EQ(o.at("list").default_text, "[a, b]");
  EXPECT_EQ(o.at("empty").default_text, "[]");
  o.set("flag", {"false"});
  EXPECT_FALSE(flag);
  for (const auto* bad : {"", "yes", "True", "1", "on"}) o.refuses("flag", {bad});
  o.set("choice", {"two"});
  EXPECT_EQ(choice, "two");
  for (const auto* bad : {"", "three", "Two", "one, two"}) o.refuses("choice", {bad});
  o.set("list", {"x", "y", "z"});
  EXPECT_EQ(list, (std::vector<std::string>{"x", "y", "z"}));
  o.set("list", {});
  EXPECT_TRUE(list.empty());
}

TEST(Options, Secrets) {
  Declared o;
  Secret secret, optional;
  o.secret("secret", secret, "A secret.");
  o.optional_secret("optional", optional, "Another.");
  EXPECT_EQ(o.at("secret").kind, Kind::secret);
  EXPECT_TRUE(o.at("secret").required);
  EXPECT_FALSE(o.at("optional").required);
  EXPECT_EQ(o.at("secret").default_text, "");
  o.at("secret").set_secret(Secret::copy_of(view("hidden")));
  EXPECT_EQ(secret.text(), "hidden");
}

class NoRecords final : public Records {
 public:
  Task<std::optional<Bytes>> get(Key) override { co_return std::nullopt; }
  Task<Page> scan(Key, Key, std::size_t) override { co_return Page{}; }
  Task<> commit(Batch) override { co_return; }
};
class Nothing final : public Component {};

TEST(Options, Uses) {
  Declared o;
  Ref<Records> records, optional;
  o.use("records", records, "Where.");
  o.use_optional("optional", optional, "Where else.");
  EXPECT_EQ(o.at("records").facet, "Records");
  EXPECT_EQ(o.at("records").default_text, "records");
  EXPECT_TRUE(o.at("records").required);
  EXPECT_FALSE(o.at("optional").required);
  EXPECT_FALSE(records);
  EXPECT_FALSE(o.at("records").bind(std::make_shared<Nothing>()));
  EXPECT_FALSE(records);
  EXPECT_TRUE(o.at("records").bind(std::make_shared<NoRecords>()));
  EXPECT_TRUE(records);
  EXPECT_FALSE(optional);
}

}  // namespace
}  // namespace drawbridge
