#include "drawbridge/testkit/transport_suite.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "drawbridge/wakeup.h"

namespace drawbridge::testkit {
namespace {

using asio::experimental::awaitable_operators::operator&&;
using StreamPtr = std::shared_ptr<Stream>;

constexpr Milliseconds patience{20'000};
const std::string protocol = "drawbridge.test/1";

/// Lets a handler tell the case that it got somewhere; shared, because handlers may outlive the case.
struct Flag {
  void raise() {
    raised = true;
    wakeup.notify();
  }
  std::atomic<bool> raised{false};
  Wakeup wakeup;
};

Task<> wait_for(std::shared_ptr<Flag> flag) {
  for (;;) {
    const auto seen = flag->wakeup.version();
    if (flag->raised) co_return;
    co_await flag->wakeup.wait(seen);
  }
}

Task<> echo(StreamPtr stream) {
  while (auto message = co_await stream->receive()) co_await stream->send(std::move(*message));
}

Task<std::vector<Bytes>> receive_all(Stream& stream) {
  std::vector<Bytes> out;
  while (auto message = co_await stream.receive()) out.push_back(std::move(*message));
  co_return out;
}

Bytes pattern(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  std::uint32_t state = seed + 1U;
  for (auto& byte : out) byte = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
  return out;
}

// --- the cases

Task<> request_and_response(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> {
    const auto question = co_await stream->receive();
    co_await stream->send(to_bytes("answer to " + to_text(*question)));
  });
  for (int i = 0; i < 20; ++i) {
    const Bytes answer = co_await request(t.a, t.b_id, protocol, to_bytes("q" + std::to_string(i)), patience);
    DRAWBRIDGE_CHECK(to_text(answer) == "answer to q" + std::to_string(i));
  }
}

Task<> both_directions(TransportPair& t) {
  t.a.serve(protocol, echo);
  t.b.serve(protocol, echo);
  DRAWBRIDGE_CHECK(to_text(co_await request(t.a, t.b_id, protocol, to_bytes("to b"), patience)) == "to b");
  DRAWBRIDGE_CHECK(to_text(co_await request(t.b, t.a_id, protocol, to_bytes("to a"), patience)) == "to a");
}

Task<> peer_is_proved(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> { co_await stream->send(to_bytes(stream->peer())); });
  const auto stream = co_await t.a.open(t.b_id, protocol);
  DRAWBRIDGE_CHECK(stream->peer() == t.b_id);
  const auto said = co_await stream->receive();
  DRAWBRIDGE_CHECK(said && to_text(*said) == t.a_id);
}

Task<> message_boundaries_and_order(TransportPair& t) {
  t.b.serve(protocol, echo);
  const auto stream = co_await t.a.open(t.b_id, protocol);
  constexpr int count = 500;
  for (int i = 0; i < count; ++i)
    co_await stream->send(pattern(static_cast<std::size_t>(i * 7 % 900), static_cast<std::uint8_t>(i)));
  co_await stream->finish();
  for (int i = 0; i < count; ++i) {
    const auto got = co_await stream->receive();
    DRAWBRIDGE_CHECK(got && *got == pattern(static_cast<std::size_t>(i * 7 % 900), static_cast<std::uint8_t>(i)));
  }
  DRAWBRIDGE_CHECK(!co_await stream->receive());
}

Task<> empty_message(TransportPair& t) {
  t.b.serve(protocol, echo);
  const Bytes answer = co_await request(t.a, t.b_id, protocol, {}, patience);
  DRAWBRIDGE_CHECK(answer.empty());
}

Task<> largest_message(TransportPair& t) {
  t.b.serve(protocol, echo);
  const Bytes message = pattern(Stream::max_message_bytes, 3);
  const Bytes answer = co_await request(t.a, t.b_id, protocol, message, patience);
  DRAWBRIDGE_CHECK(answer == message);
}

Task<> too_large_message(TransportPair& t) {
  t.b.serve(protocol, echo);
  const auto stream = co_await t.a.open(t.b_id, protocol);
  co_await check_throws(Code::too_large, stream->send(Bytes(Stream::max_message_bytes + 1)));
  co_await stream->send(to_bytes("still alive"));
  const auto got = co_await stream->receive();
  DRAWBRIDGE_CHECK(got && to_text(*got) == "still alive");
}

Task<> one_of_many(TransportPair& t, int number) {
  const std::string text = "stream " + std::to_string(number);
  const auto stream = co_await t.a.open(t.b_id, protocol);
  for (int i = 0; i < 10; ++i) {
    co_await stream->send(to_bytes(text));
    const auto got = co_await stream->receive();
    DRAWBRIDGE_CHECK(got && to_text(*got) == text);
  }
  co_await stream->finish();
  DRAWBRIDGE_CHECK(!co_await stream->receive());
}

Task<> many(TransportPair& t, int from, int count) {
  if (count == 1) {
    co_await one_of_many(t, from);
    co_return;
  }
  Task<> left = many(t, from, count / 2);
  Task<> right = many(t, from + count / 2, count - count / 2);
  co_await (std::move(left) && std::move(right));
}

Task<> many_concurrent_streams(TransportPair& t) {
  t.b.serve(protocol, echo);
  co_await many(t, 0, 100);
  co_await many(t, 100, 100);  // what the first ones took was given back
}

Task<> half_close(TransportPair& t) {
  // Answers only when all was said.
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> {
    std::size_t total = 0;
    while (const auto message = co_await stream->receive()) total += message->size();
    for (int i = 0; i < 3; ++i) co_await stream->send(to_bytes(std::to_string(total)));
  });
  const auto stream = co_await t.a.open(t.b_id, protocol);
  co_await stream->send(Bytes(10));
  co_await stream->send(Bytes(20));
  co_await stream->finish();
  co_await stream->finish();
  const auto answers = co_await receive_all(*stream);
  DRAWBRIDGE_CHECK(answers.size() == 3 && to_text(answers.back()) == "30");
  DRAWBRIDGE_CHECK(!co_await stream->receive());
}

Task<> handler_returns_early(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> { co_await stream->send(to_bytes("enough")); });
  const auto stream = co_await t.a.open(t.b_id, protocol);
  const auto answer = co_await stream->receive();
  DRAWBRIDGE_CHECK(answer && to_text(*answer) == "enough");
  DRAWBRIDGE_CHECK(!co_await stream->receive());
  for (int i = 0; i < 64; ++i) co_await stream->send(Bytes(Stream::max_message_bytes));  // dropped there, but no error
  co_await stream->finish();
}

Task<> handler_error_arrives(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> {
    co_await stream->receive();
    throw Error(Code::payment_required, "send 3 tokens to the böx");
  });
  try {
    co_await request(t.a, t.b_id, protocol, to_bytes("x"), patience);
  } catch (const Error& error) {
    DRAWBRIDGE_CHECK(error.code() == Code::payment_required);
    DRAWBRIDGE_CHECK(std::string(error.what()) == "send 3 tokens to the böx");
    co_return;
  }
  throw Failure("nothing was thrown");
}

Task<> messages_before_an_error_arrive(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> {
    co_await stream->send(to_bytes("one"));
    co_await stream->send(to_bytes("two"));
    throw Error(Code::gone, "over");
  });
  const auto stream = co_await t.a.open(t.b_id, protocol);
  const auto one = co_await stream->receive();
  const auto two = co_await stream->receive();
  DRAWBRIDGE_CHECK(one && two && to_text(*two) == "two");
  co_await check_throws(Code::gone, stream->receive());
  co_await check_throws(Code::gone, stream->send(to_bytes("late")));
}

Task<> other_exceptions_are_internal(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> {
    co_await stream->receive();
    throw std::runtime_error("secret detail");
  });
  try {
    co_await request(t.a, t.b_id, protocol, to_bytes("x"), patience);
  } catch (const Error& error) {
    DRAWBRIDGE_CHECK(error.code() == Code::internal);
    DRAWBRIDGE_CHECK(std::string(error.what()).find("secret") == std::string::npos);
    co_return;
  }
  throw Failure("nothing was thrown");
}

Task<> unknown_protocol(TransportPair& t) {
  t.b.serve(protocol, echo);
  co_await check_throws(Code::unsupported, request(t.a, t.b_id, "drawbridge.other/1", to_bytes("x"), patience));
  DRAWBRIDGE_CHECK(!(co_await request(t.a, t.b_id, protocol, to_bytes("x"), patience)).empty());
}

Task<> unknown_peer(TransportPair& t) {
  const std::string nobody = "node_" + std::string(64, '7');
  co_await check_throws(Code::not_found, t.a.open(nobody, protocol));
  co_await check_throws(Code::not_found, t.a.open("", protocol));
  co_await check_throws(Code::not_found, t.a.open(t.a_id, protocol));
}

Task<> serve_twice_is_a_conflict(TransportPair& t) {
  t.b.serve(protocol, echo);
  bool conflict = false;
  try {
    t.b.serve(protocol, echo);
  } catch (const Error& error) {
    conflict = error.code() == Code::conflict;
  }
  DRAWBRIDGE_CHECK(conflict);
  co_return;
}

Task<> withdraw_stops_new_streams(TransportPair& t) {
  t.b.serve(protocol, echo);
  const auto running = co_await t.a.open(t.b_id, protocol);
  co_await running->send(to_bytes("1"));
  DRAWBRIDGE_CHECK(co_await running->receive());
  t.b.withdraw(protocol);
  t.b.withdraw(protocol);
  co_await check_throws(Code::unsupported, request(t.a, t.b_id, protocol, to_bytes("x"), patience));
  co_await running->send(to_bytes("2"));
  DRAWBRIDGE_CHECK(co_await running->receive());
  t.b.serve(protocol, echo);
  co_await request(t.a, t.b_id, protocol, to_bytes("x"), patience);
}

Task<> dropped_stream_reaches_the_handler(TransportPair& t) {
  const auto failed = std::make_shared<Flag>();
  t.b.serve(protocol, [failed](StreamPtr stream) -> Task<> {
    try {
      for (;;) {
        if (!co_await stream->receive()) co_return;
      }
    } catch (const Error& error) {
      if (error.code() == Code::unavailable) failed->raise();
      throw;
    }
  });
  auto stream = co_await t.a.open(t.b_id, protocol);
  co_await stream->send(to_bytes("one"));
  stream.reset();
  co_await wait_for(failed);
}

Task<> send_after_finish(TransportPair& t) {
  t.b.serve(protocol, echo);
  const auto stream = co_await t.a.open(t.b_id, protocol);
  co_await stream->finish();
  co_await check_throws(Code::invalid, stream->send(to_bytes("late")));
}

Task<> fill(StreamPtr stream, std::shared_ptr<std::atomic<int>> sent, int count) {
  for (int i = 0; i < count; ++i) {
    co_await stream->send(Bytes(64 * 1024));
    ++*sent;
  }
  co_await stream->finish();
}

Task<> use_another_stream(TransportPair& t, std::shared_ptr<Flag> read_on) {
  for (int i = 0; i < 50; ++i) co_await request(t.a, t.b_id, "drawbridge.quick/1", Bytes(1000), patience);
  read_on->raise();
}

// A reader that waits must stop its sender, and nobody else.
Task<> slow_reader_stalls_itself_only(TransportPair& t) {
  const auto read_on = std::make_shared<Flag>();
  const auto sent = std::make_shared<std::atomic<int>>(0);
  constexpr int count = 4096;  // 256 MiB: more than any bounded queue here
  const auto stalled = std::make_shared<std::atomic<bool>>(false);
  const auto total = std::make_shared<std::atomic<int>>(0);
  t.b.serve("drawbridge.quick/1", echo);
  t.b.serve(protocol, [read_on, sent, stalled, total](StreamPtr stream) -> Task<> {
    co_await wait_for(read_on);
    *stalled = sent->load() < count;
    while (co_await stream->receive()) ++*total;
    co_await stream->send(to_bytes("read"));
  });
  const StreamPtr slow = co_await t.a.open(t.b_id, protocol);
  Task<> filling = fill(slow, sent, count);
  Task<> other = use_another_stream(t, read_on);
  co_await (std::move(filling) && std::move(other));
  const auto done = co_await slow->receive();
  DRAWBRIDGE_CHECK(done && stalled->load() && total->load() == count);
}

Task<> request_times_out(TransportPair& t) {
  const auto gave_up = std::make_shared<Flag>();
  t.b.serve(protocol, [gave_up](StreamPtr stream) -> Task<> {
    try {
      while (co_await stream->receive()) continue;
      for (;;) co_await stream->send(Bytes());  // until the asker's absence is known; its one answer is never taken
    } catch (const Error&) {
      gave_up->raise();
    }
  });
  t.b.serve("drawbridge.mute/1", [gave_up](StreamPtr) -> Task<> { co_await wait_for(gave_up); });
  // The mute one never answers.
  co_await check_throws(Code::unavailable, request(t.a, t.b_id, "drawbridge.mute/1", to_bytes("x"), Milliseconds(50)));
  // A stream that was given up is known as such on the other side.
  co_await request(t.a, t.b_id, protocol, to_bytes("x"), patience);
  co_await wait_for(gave_up);
}

constexpr int bulk_messages = 256;  // of 256 KiB: 64 MiB each way

Task<> send_bulk(Stream& stream, std::uint8_t seed) {
  for (int i = 0; i < bulk_messages; ++i)
    co_await stream.send(pattern(Stream::max_message_bytes, static_cast<std::uint8_t>(seed + i)));
  co_await stream.finish();
}

Task<> receive_bulk(Stream& stream, std::uint8_t seed) {
  for (int i = 0; i < bulk_messages; ++i) {
    const auto got = co_await stream.receive();
    DRAWBRIDGE_CHECK(got && *got == pattern(Stream::max_message_bytes, static_cast<std::uint8_t>(seed + i)));
  }
  DRAWBRIDGE_CHECK(!co_await stream.receive());
}

Task<> bulk_both_ways(TransportPair& t) {
  t.b.serve(protocol, [](StreamPtr stream) -> Task<> {
    Task<> sending = send_bulk(*stream, 100);
    Task<> receiving = receive_bulk(*stream, 0);
    co_await (std::move(sending) && std::move(receiving));
  });
  const auto stream = co_await t.a.open(t.b_id, protocol);
  Task<> sending = send_bulk(*stream, 0);
  Task<> receiving = receive_bulk(*stream, 100);
  co_await (std::move(sending) && std::move(receiving));
}

Task<> links_tell_the_peer(TransportPair& t) {
  t.b.serve(protocol, echo);
  co_await request(t.a, t.b_id, protocol, to_bytes("x"), patience);
  const auto links = t.a.links();
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const LinkStatus& link) { return link.node_id == t.b_id; });
  DRAWBRIDGE_CHECK(found != links.end() && found->connected && !found->detail.empty());
}

}  // namespace

Suite<TransportPair> transport_suite() {
  return {
      {"RequestAndResponse", request_and_response},
      {"BothDirections", both_directions},
      {"PeerIsProved", peer_is_proved},
      {"MessageBoundariesAndOrder", message_boundaries_and_order},
      {"EmptyMessage", empty_message},
      {"LargestMessage", largest_message},
      {"TooLargeMessage", too_large_message},
      {"ManyConcurrentStreams", many_concurrent_streams},
      {"HalfClose", half_close},
      {"HandlerReturnsEarly", handler_returns_early},
      {"HandlerErrorArrives", handler_error_arrives},
      {"MessagesBeforeAnErrorArrive", messages_before_an_error_arrive},
      {"OtherExceptionsAreInternal", other_exceptions_are_internal},
      {"UnknownProtocol", unknown_protocol},
      {"UnknownPeer", unknown_peer},
      {"ServeTwiceIsAConflict", serve_twice_is_a_conflict},
      {"WithdrawStopsNewStreams", withdraw_stops_new_streams},
      {"DroppedStreamReachesTheHandler", dropped_stream_reaches_the_handler},
      {"SendAfterFinish", send_after_finish},
      {"SlowReaderStallsItselfOnly", slow_reader_stalls_itself_only},
      {"RequestTimesOut", request_times_out},
      {"BulkBothWays", bulk_both_ways},
      {"LinksTellThePeer", links_tell_the_peer},
  };
}

}  // namespace drawbridge::testkit
