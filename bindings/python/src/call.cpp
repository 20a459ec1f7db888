#include "call.h"

#include <boost/asio/post.hpp>
#include <chrono>

#include "errors.h"

namespace drawbridge::python {
namespace {

constexpr Milliseconds signal_check{50};
constexpr Milliseconds patience_after_interrupt{1'000};

/// drawbridge._asyncio, whose functions touch futures and loops; never freed, as the interpreter may be gone.
py::object helper(const char* name) {
  static PyObject* const module = py::module_::import("drawbridge._asyncio").release().ptr();
  return py::reinterpret_borrow<py::object>(module).attr(name);
}

}  // namespace

Call::~Call() = default;

/// Keeps the signal until the coroutine is gone. It names the slot itself: with bind_cancellation_slot, Boost 1.81
/// stores the executor in the slot, and so the call in itself, for ever.
struct Call::Ended {
  using cancellation_slot_type = asio::cancellation_slot;
  cancellation_slot_type get_cancellation_slot() const noexcept { return call->cancellation_.slot(); }
  void operator()(const std::exception_ptr&) const {}

  Held<Call> call;
};

void Call::begin() {
  const Held<Call> self(this);
  const Executor executor{Held<Lane>(this)};
  asio::co_spawn(executor, body(self), Ended{self});
  run();
}

py::object Call::result() {
  if (!failure_) return convert();
  set_python_error(failure_);
  throw py::error_already_set();
}

void Call::cancel() {
  const auto emit = [self = Held<Call>(this)] {
    if (!self->done_) self->cancellation_.emit(asio::cancellation_type::all);
  };
  asio::post(Executor{Held<Lane>(this)}, emit);
}

void Call::deliver_to(py::object loop, py::object future) {
  loop_ = Object(std::move(loop));
  future_ = Object(std::move(future));
}

void Call::finish() {
  if (!future_) {
    done_ = true;
    return;
  }
  const WithGil gil;
  if (!gil) return;
  done_ = true;
  try {
    py::object value = py::none(), error = py::none();
    try {
      value = result();
    } catch (py::error_already_set& raised) {
      error = raised.value();
    }
    helper("deliver")(loop_.take(), future_.take(), value, error);
  } catch (py::error_already_set& raised) {
    raised.discard_as_unraisable("drawbridge: delivering a result to asyncio");
  }
}

namespace {

/// With the GIL: lets signal handlers run, and cancels the call when one raises.
void obey_signals(CallSite& site, const Held<Call>& call) {
  if (PyErr_CheckSignals() == 0) return;
  py::error_already_set raised;
  {
    const WithoutGil free;
    const auto until = std::chrono::steady_clock::now() + patience_after_interrupt;
    call->cancel();
    while (!call->done() && std::chrono::steady_clock::now() < until) call->run_one_of(signal_check);
    call->leave();
  }
  site.waits_no_more(call);
  throw raised;
}

}  // namespace

py::object finish_now(CallSite& site, Held<Call> call) {
  {
    const WithoutGil free;
    call->begin();
  }
  if (!call->done()) {
    site.waits(call);
    while (!call->done()) {
      {
        const WithoutGil free;
        const auto until = std::chrono::steady_clock::now() + signal_check;
        while (!call->done() && std::chrono::steady_clock::now() < until) call->run_one_of(signal_check);
      }
      obey_signals(site, call);
    }
    site.waits_no_more(call);
  }
  // Jobs may be left that others post late: they run beyond.
  call->leave();
  return call->result();
}

py::object finish_later(CallSite& site, Held<Call> call) {
  const auto loop = helper("running_loop")();
  {
    const WithoutGil free;
    call->begin();
  }
  const auto future = loop.attr("create_future")();
  if (call->done()) {
    call->leave();
    py::object value;
    try {
      value = call->result();
    } catch (py::error_already_set& raised) {
      future.attr("set_exception")(raised.value());
      return future;
    }
    future.attr("set_result")(value);
    return future;
  }
  site.waits(call);
  call->deliver_to(loop, future);
  future.attr("add_done_callback")(py::cpp_function([site = site.shared_from_this(), call](const py::object& done) {
    if (done.attr("cancelled")().cast<bool>()) call->cancel();
    site->waits_no_more(call);
  }));
  call->leave();
  return future;
}

}  // namespace drawbridge::python
