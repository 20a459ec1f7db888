#include "drawbridge/transport.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "drawbridge/error.h"

namespace drawbridge {
namespace {

struct Outcome {
  std::optional<Bytes> answer;
  std::exception_ptr failure;
};

Task<Bytes> exchange(Transport& transport, std::string node_id, std::string protocol, Bytes message) {
  const std::unique_ptr<Stream> stream = co_await transport.open(std::move(node_id), std::move(protocol));
  co_await stream->send(std::move(message));
  co_await stream->finish();
  std::optional<Bytes> answer = co_await stream->receive();
  if (!answer) throw Error(Code::unavailable, "the peer finished without an answer");
  co_return std::move(*answer);
}

// Never throws: with the || of two tasks, a task that fails would wait for the other.
Task<> attempt(Transport& transport, std::string node_id, std::string protocol, Bytes message, Outcome& outcome) {
  try {
    outcome.answer = co_await exchange(transport, std::move(node_id), std::move(protocol), std::move(message));
  } catch (...) {
    outcome.failure = std::current_exception();
  }
}

Task<> expire(asio::steady_timer& timer, bool& expired) {
  co_await timer.async_wait(asio::use_awaitable);
  expired = true;
}

}  // namespace

Task<Bytes> request(Transport& transport, std::string node_id, std::string protocol, Bytes message,
                    Milliseconds timeout) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT: the only way to name them
  asio::steady_timer timer(co_await asio::this_coro::executor, timeout);
  Outcome outcome;
  bool expired = false;
  const std::string what = "request '" + protocol + "'";
  Task<> call = attempt(transport, std::move(node_id), std::move(protocol), std::move(message), outcome);
  Task<> limit = expire(timer, expired);
  co_await (std::move(call) || std::move(limit));
  if (outcome.answer) co_return std::move(*outcome.answer);
  if (expired) throw Error(Code::unavailable, what + ": no answer within " + to_text(timeout));
  std::rethrow_exception(outcome.failure);
}

}  // namespace drawbridge
