// ledger_writer FOLDER: appends from several tasks at once on storage.rocksdb, and prints what was acknowledged as
// lines "index leaf", until it is killed.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdio>
#include <cstdlib>

#include "fixture.h"

namespace drawbridge::test {
namespace {

constexpr int tasks = 16;

Task<> append_for_ever(Ledger& ledger, std::string name) {
  for (std::uint64_t i = 0;; ++i) {
    const LedgerEvent event = co_await ledger.append(draft(name + "/" + std::to_string(i)));
    const std::string line = std::to_string(event.index) + " " + to_hex(event.leaf) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(2);
  }
}

Task<> append_from_all(Ledger& ledger) {
  for (int i = 1; i < tasks; ++i) {
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, append_for_ever(ledger, std::to_string(i)), asio::detached);
  }
  co_await append_for_ever(ledger, "0");
}

}  // namespace
}  // namespace drawbridge::test

int main(int argc, char** argv) {
  using namespace drawbridge;
  if (argc != 2) return 1;
  try {
    const auto node = test::ledger_node("{plugin: storage.rocksdb, path: " + std::string(argv[1]) + "}");
    const auto ledger = node->find<Ledger>("ledger");
    node->wait(test::append_from_all(*ledger));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ledger_writer: %s\n", error.what());
    return 1;
  }
}
