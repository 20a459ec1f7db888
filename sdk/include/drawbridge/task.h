#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace drawbridge {

namespace asio = boost::asio;

/// What may wait returns a Task: a lazy coroutine, started by `co_await` or `asio::co_spawn`.
///
/// Parameters of a coroutine are taken by value, or documented to outlive the task. A Task runs on the executor
/// of whoever awaits it; several may run at once on different threads.
template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace drawbridge
