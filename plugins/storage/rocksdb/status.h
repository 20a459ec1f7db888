#pragma once

#include <rocksdb/status.h>

#include "drawbridge/error.h"
#include "settings.h"

namespace drawbridge::rocks {

/// What a failed status of the engine means to a caller: damage is corrupt, everything that may pass is unavailable.
Error to_error(const Settings& settings, std::string_view action, const rocksdb::Status& status);

/// The same for opening the database, where a lock that is held and a missing file have a meaning of their own.
Error to_open_error(const Settings& settings, const rocksdb::Status& status);

}  // namespace drawbridge::rocks
