#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "drawbridge/export.h"

namespace drawbridge {

/// What went wrong, in the terms that a caller can act on. Each code is one HTTP status, one exit code of the
/// command line and (in Python) one exception class.
enum class Code {
  invalid,           ///< The caller's input is wrong; the same call will fail again.
  unauthenticated,   ///< No credentials, or wrong ones.
  payment_required,  ///< The policy asks for a payment first; the message says which.
  forbidden,         ///< The caller is known and may not do this; the policy does not hold.
  not_found,         ///< No such thing here. Where absence is a normal answer, `std::optional` says it instead.
  conflict,          ///< Something else changed first (a batch's precondition). Read again and retry.
  gone,              ///< It was here and is over: expired or revoked.
  too_large,         ///< Beyond a configured bound; the message names the bound.
  busy,              ///< A queue or a rate limit is full. Retry later.
  unavailable,       ///< A peer, a disk or a component cannot serve now. Retry with backoff.
  cannot_open,       ///< Sealed data did not open. Deliberately says no more than that.
  corrupt,           ///< Stored data is damaged. Do not retry; restore.
  unsupported,       ///< This implementation does not do that.
  internal,          ///< A defect in this program or a plugin.
};

/// The name of a code as it stands in JSON and logs: "not_found".
DRAWBRIDGE_API std::string_view name(Code code);

/// The code that has this name, or `internal` for an unknown one (a newer peer's).
DRAWBRIDGE_API Code code_from_name(std::string_view name);

/// The one exception of Drawbridge.
///
/// A message is lower case, has no full stop, and gains its context outward: a storage throws
/// "disk full", its caller's `within("storage 'main': put")` makes it "storage 'main': put: disk full".
/// `hint` says what to do about it, as one imperative sentence, where there is something to do.
class DRAWBRIDGE_API Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message, std::string hint = {});
  ~Error() override;

  Code code() const { return code_; }
  const std::string& hint() const { return hint_; }

  /// The same error with its context in front.
  Error within(std::string_view context) const;

 private:
  Code code_;
  std::string hint_;
};

}  // namespace drawbridge
