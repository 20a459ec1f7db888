#include "drawbridge/policy.h"

#include <algorithm>

#include "drawbridge/error.h"

namespace drawbridge {
namespace {

constexpr int max_depth = 8;
constexpr int max_conditions = 64;

enum class Kind { recipient, before, after, all, any, negation };

[[noreturn]] void refuse(const std::string& message) {
  throw Error(Code::invalid, "policy: " + message);
}

/// A moment from 1970 to the end of the year 9999: beyond it, arithmetic could overflow and no text shows it.
Timestamp moment_of(const Cbor& cbor) {
  constexpr std::int64_t year_10000 = 253'402'300'800'000;
  if (cbor.integer() < 0 || cbor.integer() >= year_10000) refuse("a time is out of range");
  return from_unix_ms(cbor.integer());
}

}  // namespace

struct Policy::Node {
  Kind kind;
  std::string recipient;
  Timestamp moment{};
  std::vector<Policy> of;

  bool holds(const Facts& facts) const {
    const auto part_holds = [&](const Policy& part) { return part.root_->holds(facts); };
    switch (kind) {
      case Kind::recipient:
        return recipient == facts.node_id;
      case Kind::before:
        return facts.now < moment;
      case Kind::after:
        return facts.now >= moment;
      case Kind::all:
        return std::all_of(of.begin(), of.end(), part_holds);
      case Kind::any:
        return std::any_of(of.begin(), of.end(), part_holds);
      case Kind::negation:
        return !of.front().root_->holds(facts);
    }
    return false;
  }

  /// Every moment at which the outcome can change.
  void moments(std::vector<Timestamp>& out) const {
    if (kind == Kind::before || kind == Kind::after) out.push_back(moment);
    for (const auto& part : of) part.root_->moments(out);
  }

  void recipients(std::vector<std::string>& out) const {
    if (kind == Kind::recipient) out.push_back(recipient);
    for (const auto& part : of) part.root_->recipients(out);
  }

  static Policy parse(const Cbor& cbor, int depth, int& budget) {
    if (depth > max_depth) refuse("nested too deeply");
    if (--budget < 0) refuse("more than 64 conditions");
    if (cbor.map().size() != 1) refuse("a condition has exactly one key");
    const auto& [name, value] = *cbor.map().begin();
    if (name == "recipient") return Policy::recipient(value.text());
    if (name == "before") return Policy::before(moment_of(value));
    if (name == "after") return Policy::after(moment_of(value));
    if (name == "not") return Policy::negation(parse(value, depth + 1, budget));
    if (name != "all" && name != "any") refuse("unknown condition '" + name + "'");
    std::vector<Policy> parts;
    for (const auto& item : value.array()) parts.push_back(parse(item, depth + 1, budget));
    return name == "all" ? Policy::all(std::move(parts)) : Policy::any(std::move(parts));
  }
};

Policy Policy::recipient(std::string node_id) {
  return Policy(std::make_shared<const Node>(Node{Kind::recipient, std::move(node_id), {}, {}}));
}
Policy Policy::before(Timestamp moment) {
  return Policy(std::make_shared<const Node>(Node{Kind::before, {}, moment, {}}));
}
Policy Policy::after(Timestamp moment) {
  return Policy(std::make_shared<const Node>(Node{Kind::after, {}, moment, {}}));
}

Policy Policy::all(std::vector<Policy> of) {
  if (of.empty()) refuse("'all' of nothing");
  return Policy(std::make_shared<const Node>(Node{Kind::all, {}, {}, std::move(of)}));
}
Policy Policy::any(std::vector<Policy> of) {
  if (of.empty()) refuse("'any' of nothing");
  return Policy(std::make_shared<const Node>(Node{Kind::any, {}, {}, std::move(of)}));
}
Policy Policy::negation(Policy of) {
  return Policy(std::make_shared<const Node>(Node{Kind::negation, {}, {}, {std::move(of)}}));
}

Policy Policy::from(const Cbor& cbor) {
  int budget = max_conditions;
  return Node::parse(cbor, 0, budget);
}

Cbor Policy::cbor() const {
  const auto parts = [&] {
    CborArray out;
    for (const auto& part : root_->of) out.push_back(part.cbor());
    return out;
  };
  switch (root_->kind) {
    case Kind::recipient:
      return CborMap{{"recipient", root_->recipient}};
    case Kind::before:
      return CborMap{{"before", unix_ms(root_->moment)}};
    case Kind::after:
      return CborMap{{"after", unix_ms(root_->moment)}};
    case Kind::all:
      return CborMap{{"all", parts()}};
    case Kind::any:
      return CborMap{{"any", parts()}};
    case Kind::negation:
      break;
  }
  return CborMap{{"not", root_->of.front().cbor()}};
}

Policy::Result Policy::evaluate(const Facts& facts) const {
  if (root_->holds(facts)) return Result::holds;
  // The outcome is constant between two moments, so it is enough to look at each of them and just before each.
  std::vector<Timestamp> moments;
  root_->moments(moments);
  for (const Timestamp moment : moments) {
    for (const Timestamp earlier : {moment - Milliseconds(1), moment}) {
      if (earlier < facts.now && root_->holds({earlier, facts.node_id})) return Result::expired;
    }
  }
  return Result::denied;
}

bool Policy::conditional() const {
  std::vector<Timestamp> moments;
  root_->moments(moments);
  return !moments.empty();
}

std::optional<Timestamp> Policy::expiry() const {
  std::vector<Timestamp> moments;
  root_->moments(moments);
  std::sort(moments.begin(), moments.end());
  if (moments.empty()) return std::nullopt;
  std::vector<std::string> whom;
  root_->recipients(whom);
  whom.emplace_back();
  const auto open_for_anyone = [&](Timestamp when) {
    return std::any_of(whom.begin(), whom.end(), [&](const auto& id) { return root_->holds({when, id}); });
  };
  if (open_for_anyone(moments.back())) return std::nullopt;
  for (auto moment = moments.rbegin(); moment != moments.rend(); ++moment) {
    if (open_for_anyone(*moment - Milliseconds(1))) return *moment;
  }
  return moments.front();
}

}  // namespace drawbridge
