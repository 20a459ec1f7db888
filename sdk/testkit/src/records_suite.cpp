#include "drawbridge/testkit/records_suite.h"

#include "records_cases.h"

namespace drawbridge::testkit {

Suite<Records> records_suite(std::uint64_t seed) {
  Suite<Records> suite;
  add_single_record_cases(suite);
  add_scan_cases(suite);
  add_batch_cases(suite);
  add_concurrent_record_cases(suite);
  add_random_record_case(suite, seed);
  return suite;
}

}  // namespace drawbridge::testkit
