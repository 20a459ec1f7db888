#include "drawbridge/http/json.h"

#include <gtest/gtest.h>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

namespace drawbridge::http {
namespace {

BOOST_DEFINE_ENUM_CLASS(Color, red, green)

struct Item {
  std::string name;
  std::int32_t price = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (name, price))

struct Base {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(Base, (), (id))

struct Everything : Base {
  bool flag = false;
  std::uint8_t small = 0;
  std::int64_t large = 0;
  std::uint64_t huge = 0;
  double ratio = 0;
  Timestamp when{};
  Bytes data;
  Color color = Color::red;
  std::vector<Item> items;
  std::map<std::string, std::int32_t> counts;
  std::optional<std::string> note;
  Default<std::uint32_t> limit = 100;
  std::optional<boost::json::value> any;
};
BOOST_DESCRIBE_STRUCT(Everything, (Base),
                      (flag, small, large, huge, ratio, when, data, color, items, counts, note, limit, any))

struct Checked {
  std::int32_t low = 0;
  std::int32_t high = 0;
  void check(Checks& checks) const {
    if (low > high) checks.fail("low", "must not be above high");
  }
};
BOOST_DESCRIBE_STRUCT(Checked, (), (low, high))

struct Outer {
  Checked range;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (range))

struct Tree {
  std::vector<Tree> children;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (children))

constexpr const char* whole =
    R"({"id":"x","flag":true,"small":255,"large":-9007199254740993,"huge":18446744073709551615,
  "ratio":1.5,"when":"2026-04-14T10:30:00Z","data":"AQID","color":"green","items":[{"name":"a","price":-1}],
  "counts":{"k":7},"note":null,"any":{"x":[1]}})";

template <class T>
std::vector<FieldError> errors_of(std::string_view text, BindOptions options = {}) {
  try {
    json_as<T>(text, options);
  } catch (const FieldErrors& e) {
    return e.errors();
  }
  return {};
}

TEST(Json, BindsEveryKindOfMember) {
  const auto all = json_as<Everything>(whole);
  EXPECT_EQ(all.id, "x");
  EXPECT_TRUE(all.flag);
  EXPECT_EQ(all.small, 255);
  EXPECT_EQ(all.large, -9007199254740993);
  EXPECT_EQ(all.huge, 18446744073709551615ULL);
  EXPECT_EQ(all.ratio, 1.5);
  EXPECT_EQ(to_rfc3339(all.when), "2026-04-14T10:30:00Z");
  EXPECT_EQ(all.data, (Bytes{1, 2, 3}));
  EXPECT_EQ(all.color, Color::green);
  ASSERT_EQ(all.items.size(), 1U);
  EXPECT_EQ(all.items[0].price, -1);
  EXPECT_EQ(all.counts.at("k"), 7);
  EXPECT_FALSE(all.note);
  EXPECT_EQ(*all.limit, 100U);
  EXPECT_TRUE(all.any->is_object());
}

TEST(Json, WritesWhatItReads) {
  const auto text = to_json(json_as<Everything>(whole));
  EXPECT_EQ(text,
            R"({"id":"x","flag":true,"small":255,"large":-9007199254740993,"huge":18446744073709551615,"ratio":1.5,)"
            R"("when":"2026-04-14T10:30:00Z","data":"AQID","color":"green","items":[{"name":"a","price":-1}],)"
            R"("counts":{"k":7},"limit":100,"any":{"x":[1]}})");
  EXPECT_EQ(to_json(json_as<Everything>(text)), text);
}

TEST(Json, TellsEveryWrongFieldAtOnce) {
  const auto errors = errors_of<Everything>(R"({"id":5,"flag":"true","small":256,"large":1.5,"huge":-1,"ratio":"x",
    "when":"yesterday","data":"???","color":"blue",
    "items":[{"name":"a","price":1},{"name":"b"},{"name":"c","price":"1"}],
    "counts":{"k":true},"limit":-1})");
  const std::vector<FieldError> expected = {
      {"id", "must be text"},
      {"flag", "must be true or false"},
      {"small", "must be from 0 to 255"},
      {"large", "must be a whole number"},
      {"huge", "must be from 0 to 18446744073709551615"},
      {"ratio", "must be a number"},
      {"when", "must be a time like 2026-04-14T10:30:00Z"},
      {"data", "must be base64 with padding"},
      {"color", "must be one of red, green"},
      {"items[1].price", "is required"},
      {"items[2].price", "must be a whole number"},
      {"counts.k", "must be a whole number"},
      {"limit", "must be from 0 to 4294967295"},
  };
  EXPECT_EQ(errors, expected);
}

TEST(Json, MessageNamesTheFirstFieldAndCountsTheRest) {
  try {
    json_as<Item>("{}");
    FAIL();
  } catch (const FieldErrors& e) {
    EXPECT_STREQ(e.what(), "name: is required (and 1 more)");
    EXPECT_EQ(e.code(), Code::invalid);
  }
}

TEST(Json, RefusesUnknownFieldsWithTheNearestName) {
  EXPECT_EQ(errors_of<Item>(R"({"name":"a","prise":1,"price":1})"),
            (std::vector<FieldError>{{"prise", "is not known here, did you mean price?"}}));
  EXPECT_EQ(errors_of<Item>(R"({"name":"a","price":1,"zzzzzzzz":1})"),
            (std::vector<FieldError>{{"zzzzzzzz", "is not known here"}}));
  EXPECT_TRUE(errors_of<Item>(R"({"name":"a","price":1,"new":1})", {.allow_unknown = true}).empty());
}

TEST(Json, NullCountsAsAbsentOnlyWhereAbsenceIsAllowed) {
  EXPECT_EQ(errors_of<Item>(R"({"name":null,"price":null})"),
            (std::vector<FieldError>{{"name", "must be text"}, {"price", "must be a whole number"}}));
}

TEST(Json, TakesWholeNumbersInAnySpelling) {
  EXPECT_EQ(json_as<Item>(R"({"name":"","price":1e3})").price, 1000);
  EXPECT_EQ(json_as<Item>(R"({"name":"","price":5.0})").price, 5);
  EXPECT_EQ(errors_of<Item>(R"({"name":"","price":2147483648})")[0].message, "must be from -2147483648 to 2147483647");
  EXPECT_EQ(errors_of<Item>(R"({"name":"","price":99999999999999999999999})")[0].message,
            "must be from -2147483648 to 2147483647");
}

TEST(Json, RunsTheStructsOwnCheckOnceItsFieldsAreRight) {
  EXPECT_EQ(errors_of<Outer>(R"({"range":{"low":2,"high":1}})"),
            (std::vector<FieldError>{{"range.low", "must not be above high"}}));
  EXPECT_EQ(errors_of<Outer>(R"({"range":{"low":2,"high":"1"}})"),
            (std::vector<FieldError>{{"range.high", "must be a whole number"}}));
}

TEST(Json, BoundsDepthAndTheNumberOfErrors) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += R"({"children":[)";
  for (int i = 0; i < 40; ++i) deep += "]}";
  EXPECT_THROW(json_as<Tree>(deep), StatusError);
  std::string wrong = "[";
  for (int i = 0; i < 1000; ++i) wrong += "1,";
  wrong += "1]";
  EXPECT_EQ(errors_of<std::vector<std::string>>(wrong).size(), 32U);
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const auto* text : {"", "{", "{} {}", "{'a':1}", "[1,]", "nul", "\"\xff\"", "{\"a\":1}x"}) {
    try {
      parse_json(text);
      FAIL() << text;
    } catch (const StatusError& e) {
      EXPECT_EQ(e.status(), 400);
      EXPECT_EQ(std::string(e.what()).rfind("malformed JSON: ", 0), 0U) << e.what();
    }
  }
  EXPECT_NO_THROW(parse_json(" {} \n"));
}

TEST(Json, EscapesAndRepairsText) {
  EXPECT_EQ(to_json(std::string("a\"\\\n\r\t\x01 é")), R"("a\"\\\n\r\t\u0001 é")");
  EXPECT_EQ(to_json(std::string("a\xff"
                                "é\xc3")),
            "\"a\xEF\xBF\xBDé\xEF\xBF\xBD\"");
  EXPECT_EQ(parse_json(to_json(std::string("\0x", 2))).as_string(), std::string_view("\0x", 2));
}

}  // namespace
}  // namespace drawbridge::http
