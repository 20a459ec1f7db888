#include "kernel/describe.h"

#include "fixture.h"

namespace drawbridge::test {
namespace {

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "expected\n" << part << "\nin\n" << text;
}

TEST(Describe, Text) {
  const auto text = kernel::describe_text(kernel::describe(test_loader(), "test.options"));
  expect_part(text, "test.options 0.1.0\nHas an option of every kind.\n\nOptions:\n");
  expect_part(text, "  title\n      text, required\n      What it is called.\n");
  expect_part(text, "  port\n      number, default 80 (1 to 65535)\n      A port.\n");
  expect_part(text, "  password_file | password_env\n      secret, default none\n");
  expect_part(text, "  probe\n      component (Probe), default the component `probe`, or none\n");
  expect_part(kernel::describe_text(kernel::describe(test_loader(), "test.bare")), "It has no options.\n");
}

TEST(Describe, Json) {
  const auto json = kernel::describe_json(kernel::describe(test_loader(), "test.options"));
  expect_part(
      json,
      R"({"id":"test.options","version":"0.1.0","summary":"Has an option of every kind.","options":[{"name":"title",)");
  expect_part(json, R"({"name":"mode","keys":["mode"],"type":"choice","facet":null,"required":false,"default":"safe",)"
                    R"("bounds":"fast, safe","choices":["fast","safe"],"doc":"How to work."})");
  expect_part(json, R"("name":"password","keys":["password_file","password_env"],"type":"secret")");
}

TEST(Describe, Markdown) {
  const auto page = kernel::describe_markdown(kernel::describe(test_loader(), "test.options"));
  expect_part(page, "## `test.options`\n\nHas an option of every kind.\n\n| option | type |");
  expect_part(page, "| `port` | number | 80 | 1 to 65535 | A port. |\n");
  expect_part(page, "| `path` | path | none |  | A file \\| or folder. |\n");
}

TEST(Describe, FailsAsTheLoaderDoes) {
  expect_throws(Code::not_found, "there is no plugin `test.none`",
                [] { kernel::describe(test_loader(), "test.none"); });
  expect_throws(Code::internal, "already taken", [] { kernel::describe(test_loader(), "test.twice"); });
}

}  // namespace
}  // namespace drawbridge::test
