#pragma once

#include <functional>
#include <memory>
#include <string>

#include "drawbridge/checkpoint.h"
#include "drawbridge/ledger.h"
#include "drawbridge/testkit/ledger_suite.h"
#include "plugins/identity.h"
#include "plugins/records.h"
#include "support/node.h"

namespace drawbridge::test {

/// A started node with a ledger named `ledger` on this storage (the YAML of one component, named `main`), whose
/// identity has this label.
std::unique_ptr<kernel::Node> ledger_node(const std::string& storage, const std::string& label = "alice",
                                          const std::string& ledger_options = "");

/// The storage of these tests with a content of its own; the same name finds it again.
std::string test_storage(const std::string& store);
/// A name that no other test has.
std::string fresh_store();

testkit::LedgerSigner signer(const std::string& label = "alice");

/// Appends `count` events and returns them.
std::vector<LedgerEvent> append_events(kernel::Node& node, std::size_t count);
EventDraft draft(const std::string& subject);

/// What an action throws; fails the test when it throws nothing, or something else than an Error.
Error thrown_by(const std::function<void()>& action);
void expect_throws(Code code, const std::string& part, const std::function<void()>& action);

}  // namespace drawbridge::test
