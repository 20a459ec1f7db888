#pragma once

#include <string>

#include "drawbridge/testkit/records_suite.h"

namespace drawbridge::testkit {

void add_single_record_cases(Suite<Records>& suite);
void add_scan_cases(Suite<Records>& suite);
void add_batch_cases(Suite<Records>& suite);
void add_concurrent_record_cases(Suite<Records>& suite);
void add_random_record_case(Suite<Records>& suite, std::uint64_t seed);

// What the cases share.

Task<> put(Records& records, Key key, Bytes value);
inline Task<> put(Records& records, Key key, std::string_view value) {
  return put(records, std::move(key), to_bytes(value));
}
Task<> erase(Records& records, Key key);

/// The value as text, or `otherwise`.
Task<std::string> text(Records& records, Key key, std::string otherwise = "(absent)");

/// The keys of one page, each followed by a space.
Task<std::string> keys(Records& records, Key prefix, Key after, std::size_t limit);

/// Every record with the prefix, page by page; checks the order, the bound of a page and what `more` promises.
Task<std::vector<Record>> all_pages(Records& records, Key prefix, std::size_t limit);

}  // namespace drawbridge::testkit
