#pragma once

#include "drawbridge/testkit/catalogue.h"

namespace drawbridge::testkit {

/// What was acknowledged is there after a stop, in a new instance on the same data.
void records_survive_a_restart(Bench& bench);
void blobs_survive_a_restart(Bench& bench);
void ledger_survives_a_restart(Bench& bench);

}  // namespace drawbridge::testkit
