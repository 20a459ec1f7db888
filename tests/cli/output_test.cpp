#include "kernel/cli/output.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "kernel/problems.h"

namespace drawbridge::cli {
namespace {

const boost::json::value document = boost::json::parse(
    R"({"text": "a", "number": 7, "yes": true, "none": null, "deep": {"er": -1},
        "list": ["x", "y"], "items": [{"a": 1}]})");

TEST(Field, reads_what_is_there) {
  EXPECT_EQ(field(document, "text"), "a");
  EXPECT_EQ(field(document, "number"), "7");
  EXPECT_EQ(field(document, "yes"), "true");
  EXPECT_EQ(field(document, "deep.er"), "-1");
  EXPECT_EQ(number_field(document, "number"), 7U);
  EXPECT_TRUE(flag_field(document, "yes"));
  EXPECT_EQ(list_field(document, "list"), "x, y");
  ASSERT_EQ(array_field(document, "items").size(), 1U);
  EXPECT_EQ(field(array_field(document, "items")[0], "a"), "1");
}

TEST(Field, is_empty_for_what_is_not) {
  for (const char* path : {"none", "absent", "deep", "list", "text.more", "deep.absent.more"})
    EXPECT_EQ(field(document, path), "") << path;
  EXPECT_EQ(number_field(document, "text"), 0U);
  EXPECT_EQ(number_field(document, "deep.er"), 0U);
  EXPECT_FALSE(flag_field(document, "number"));
  EXPECT_TRUE(array_field(document, "text").empty());
}

/// What is written to the standard streams while the call runs.
template <class Call>
std::pair<std::string, std::string> captured(Call call) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  call();
  std::fflush(stdout);
  auto out = testing::internal::GetCapturedStdout();
  return {std::move(out), testing::internal::GetCapturedStderr()};
}

TEST(Fail, as_text_is_two_lines_on_stderr) {
  const auto [out, err] = captured([] {
    EXPECT_EQ(Output().fail({Code::gone, "it is \x1b[31mover", "ask again"}), 5);
  });
  EXPECT_EQ(out, "");
  EXPECT_EQ(err, "error: it is ?[31mover\nhint: ask again\n");
}

TEST(Fail, as_json_is_on_stdout) {
  Output output;
  output.use_json(true);
  const auto [out, err] = captured([&] { EXPECT_EQ(output.fail({Code::not_found, "no such asset"}), 3); });
  EXPECT_EQ(out, "{\"error\":\"no such asset\",\"code\":\"not_found\"}\n");
  EXPECT_EQ(err, "");
}

TEST(Fail, tells_every_error_of_a_configuration) {
  const kernel::ConfigErrors errors(
      {{"node.yaml", 3, 5, "unknown option `pth`", ""}, {"node.yaml", 9, 1, "no such plugin", "build it"}});
  const auto [out, err] = captured([&] { EXPECT_EQ(Output().fail(errors), 2); });
  EXPECT_EQ(err, "error: node.yaml:3:5: unknown option `pth`\nerror: node.yaml:9:1: no such plugin\nhint: build it\n");
  Output output;
  output.use_json(true);
  const auto as_json = boost::json::parse(captured([&] { output.fail(errors); }).first);
  EXPECT_EQ(field(as_json, "code"), "invalid");
  const auto list = array_field(as_json, "errors");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(number_field(list[1], "line"), 9U);
  EXPECT_EQ(field(list[1], "hint"), "build it");
}

TEST(Page, aligns_and_leaves_empty_lines_out) {
  const auto [out, err] = captured([] {
    Output().print_page({{"id", "node_1"}, {"a longer label", ""}, {"name", "al\rice"}});
  });
  EXPECT_EQ(out, "id    node_1\nname  al?ice\n");
}

TEST(Output, gives_way_to_content) {
  Output output;
  output.use_stderr();
  const auto [out, err] = captured([&] { output.print_line("report"); });
  EXPECT_EQ(out, "");
  EXPECT_EQ(err, "report\n");
}

}  // namespace
}  // namespace drawbridge::cli
