#pragma once

#include "drawbridge/testkit/bench.h"

namespace drawbridge::testkit {

/// Whether `exercise` and `read_again` can do anything with it.
bool can_exercise(Component& component);

/// A few calls of every facet that is known, which write and read under the name `tag`. The same tag again grows
/// nothing. Throws Failure when what comes back is wrong.
Task<> exercise(Component& component, std::string tag);

/// The calls of `exercise` that leave nothing behind, once it has run with this tag.
Task<> read_again(Component& component, std::string tag);

/// Whether one instance sees what `exercise` wrote to another.
Task<bool> sees(Component& component, std::string tag);

}  // namespace drawbridge::testkit
