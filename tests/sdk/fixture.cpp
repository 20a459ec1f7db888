#include "fixture.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace drawbridge::test {

void expect_throws(Code code, const std::function<void()>& action, const std::string& what) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(name(error.code()), name(code)) << what << ": " << error.what();
    return;
  }
  ADD_FAILURE() << "nothing was thrown: " << what;
}

Bytes hex(std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes) ADD_FAILURE() << "not hexadecimal: " << text;
  return bytes.value_or(Bytes{});
}

void run(Task<> task) {
  asio::io_context context(2);
  std::exception_ptr failure;
  asio::co_spawn(context, std::move(task), [&failure](std::exception_ptr thrown) { failure = std::move(thrown); });
  std::thread other([&context] { context.run(); });
  context.run();
  other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace drawbridge::test
