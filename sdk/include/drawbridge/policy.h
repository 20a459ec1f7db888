#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drawbridge/cbor.h"
#include "drawbridge/clock.h"
#include "drawbridge/export.h"

namespace drawbridge {

/// Who may open an asset and when: a tree of conditions.
///
///     Policy p = Policy::all({Policy::recipient(bob), Policy::before(deadline)});
///     PolicyResult r = p.evaluate({now, bob});
///
/// As CBOR (and JSON): {"recipient": id}, {"before": ms}, {"after": ms}, {"all": […]}, {"any": […]}, {"not": …}.
/// A value: immutable, cheap to copy, thread-safe.
class DRAWBRIDGE_API Policy {
 public:
  static Policy recipient(std::string node_id);
  static Policy before(Timestamp moment);  ///< Holds until that moment, exclusively.
  static Policy after(Timestamp moment);   ///< Holds from that moment on.
  static Policy all(std::vector<Policy> of);
  static Policy any(std::vector<Policy> of);
  static Policy negation(Policy of);

  /// Throws Error{invalid} for an unknown condition, an empty list, a depth over 8 or more than 64 conditions.
  static Policy from(const Cbor& cbor);
  Cbor cbor() const;

  struct Facts {
    Timestamp now{};
    std::string node_id;
  };
  enum class Result { holds, denied, expired };
  /// `expired` when the policy does not hold now, and did hold for this node earlier because of a `before`.
  Result evaluate(const Facts& facts) const;

  /// Whether the result can depend on anything but the recipient: then the key is released on demand only.
  bool conditional() const;
  /// The moment after which it can never hold, if every way to hold it ends.
  std::optional<Timestamp> expiry() const;

 private:
  struct Node;
  explicit Policy(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace drawbridge
