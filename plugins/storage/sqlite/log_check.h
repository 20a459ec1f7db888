#pragma once

#include "settings.h"

namespace drawbridge::sqlite {

/// SQLite takes the log up to the first frame that is wrong, and drops the rest in silence: right for the torn end that
/// a crash leaves, wrong for damage in the middle, behind which there are acknowledged commits. This looks, before the
/// database is opened, and throws corrupt for the latter, unless `drop_damaged_log` is set. Blocks.
void check_log(const Settings& settings);

}  // namespace drawbridge::sqlite
