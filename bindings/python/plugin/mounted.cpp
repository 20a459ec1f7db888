#include "mounted.h"

#include <fmt/core.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "drawbridge/wakeup.h"
#include "errors.h"
#include "interpreter.h"

namespace drawbridge::python {
namespace {

constexpr std::size_t max_pending = 1024;

/// Whose fault it is not that of the plugin: the caller knows best what these mean.
bool for_the_caller(Code code) {
  return code != Code::internal && code != Code::unavailable && code != Code::corrupt && code != Code::busy;
}

}  // namespace

Mounted::Mounted(Prepared prepared) : prepared_(std::move(prepared)), title_("python plugin") {}

Mounted::~Mounted() = default;

void Mounted::declare(Options& options) {
  prepared_.settings.declare(options);
  for (auto& option : prepared_.options) option.declare(options);
}

SharedObject Mounted::share(py::object object) const {
  return {new Object(std::move(object)), [workers = workers_](Object* held) {
            workers->dispose(std::move(*held));
            delete held;
          }};
}

void Mounted::make_instance() {
  py::dict values;
  for (const auto& option : prepared_.options) values[py::str(option.name)] = option.value();
  instance_ = share(prepared_.type.get()(**values));
  loop_ = share(mount_function("Loop")(title_));
  asks_health_ = !mount_function("health_of")(instance_->get()).is_none();
}

Task<> Mounted::start(Host& host) {
  title_ = "python plugin '" + host.name() + "'";
  host_ = &host;
  workers_ = std::make_shared<Workers>(prepared_.settings.threads, max_pending, prepared_.settings.call_timeout);
  {
    const std::lock_guard lock(mutex_);
    log_ = log_to_close_ = &host.log();
  }
  const auto self = shared_from_this();
  SharedObject nobody;
  auto make = [self](const py::object&) -> py::object {
    self->make_instance();
    return py::none();
  };
  co_await call_on<void>(nobody, "__init__", "None", make, nothing_from);
  co_await call_if_there("start");
  if (asks_health_) ask_health();
}

Task<> Mounted::call_if_there(const char* method) {
  auto invoke = [](const py::object& found) -> py::object { return found.is_none() ? py::none() : found(); };
  co_await call<void>(method, "anything", invoke, nothing_from);
}

Task<> Mounted::stop() {
  Logger* const log = std::exchange(log_to_close_, nullptr);
  if (log == nullptr) co_return;
  const auto workers = workers_;
  const auto patience = prepared_.settings.call_timeout;
  const auto drain = [workers, patience] { workers->drain(patience); };
  co_await host_->blocking(drain);
  asks_health_ = false;
  if (instance_) {
    try {
      co_await call_if_there("stop");
    } catch (const Error& error) {
      log->warning("{}", error.what());
    }
    call_and_forget(loop_, "stop");
  }
  const auto close = [workers, patience] {
    workers->drain(patience);
    workers->close(patience);
  };
  co_await host_->blocking(close);
  if (workers->hung().threads > 0) prepared_.type.take().release();  // whoever hangs may have the GIL for ever
  const std::lock_guard lock(mutex_);
  log_ = nullptr;
}

Error Mounted::late(const std::string& method) const {
  return {Code::unavailable,
          fmt::format("{}: {}: no answer within {}", title_, method, to_text(prepared_.settings.call_timeout)),
          "see what the class waits for; `call_timeout` is the bound"};
}

Task<> Mounted::finish(std::shared_ptr<Job> job) {
  struct Bell {
    Wakeup wakeup;
    std::atomic<bool> too_late{false};
  };
  const auto bell = std::make_shared<Bell>();
  const auto seen = bell->wakeup.version();
  job->when_finished([bell] { bell->wakeup.notify(); });
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, prepared_.settings.call_timeout);
  try {
    workers_->submit(job);
  } catch (const Error& error) {
    throw within(error, job->method());
  }
  timer.async_wait([bell](boost::system::error_code cancelled) {
    if (cancelled) return;
    bell->too_late = true;
    bell->wakeup.notify();
  });
  co_await bell->wakeup.wait(seen);
  timer.cancel();
  if (job->abandon(bell->too_late))
    throw bell->too_late ? late(job->method()) : Error(Code::unavailable, "interrupted");
  job->rethrow();
}

void Mounted::finish_now(const std::shared_ptr<Job>& job) const {
  if (PyGILState_Check() != 0) {
    job->run();
  } else {
    try {
      workers_->submit(job);
    } catch (const Error& error) {
      throw within(error, job->method());
    }
  }
  if (!job->wait(prepared_.settings.call_timeout) && job->abandon(true)) throw late(job->method());
  job->rethrow();
}

void Mounted::call_and_forget(SharedObject object, const char* method) {
  auto invoke = [](const py::object& found) -> py::object { return found(); };
  using Plain = CallOf<void, decltype(invoke), void (*)(py::handle)>;
  try {
    workers_->submit(
        std::make_shared<Plain>(shared_from_this(), std::move(object), method, "None", invoke, nothing_from));
  } catch (const Error&) {  // stopped, or it hangs: nothing of it can be asked for
  }
}

Health Mounted::health() {
  const auto hung = workers_->hung();
  if (hung.loop) {
    return {Health::State::degraded, fmt::format("`{}` has not returned for {} s, and holds the event loop",
                                                 hung.method, hung.since.count() / 1000)};
  }
  if (hung.threads > 0) {
    const auto all = hung.threads == workers_->threads();
    return {all ? Health::State::failed : Health::State::degraded,
            fmt::format("`{}` has not returned for {} s; {} of {} threads are held", hung.method,
                        hung.since.count() / 1000, hung.threads, workers_->threads())};
  }
  if (asks_health_) ask_health();
  const std::lock_guard lock(mutex_);
  return own_health_;
}

/// What the class says is asked for in the background, and known the next time: whoever asks must not wait.
void Mounted::ask_health() {
  const auto self = shared_from_this();
  auto invoke = [](const py::object& method) -> py::object { return method(); };
  auto convert = [self](py::handle value) {
    const auto state = text_result(value.attr("state"));
    if (state != "ok" && state != "degraded" && state != "failed") throw py::value_error("no such state: " + state);
    const std::lock_guard lock(self->mutex_);
    self->own_health_ = {state == "ok"         ? Health::State::ok
                         : state == "degraded" ? Health::State::degraded
                                               : Health::State::failed,
                         text_result(value.attr("detail"))};
  };
  const auto job = std::make_shared<CallOf<void, decltype(invoke), decltype(convert)>>(
      self, instance_, "health", "a drawbridge.Health", invoke, convert);
  {
    const std::lock_guard lock(mutex_);
    if (health_job_ && health_job_->pending()) return;
    health_job_ = job;
  }
  try {
    workers_->submit(job);
  } catch (const Error&) {  // stopping
  }
}

Error Mounted::within(const Error& error, const std::string& method) const {
  return for_the_caller(error.code()) ? error : error.within(title_ + ": " + method);
}

Error Mounted::explained(const py::error_already_set& raised, const std::string& method) const {
  std::string trace;
  const auto error = within(plugin_error(raised, &trace), method);
  if (!trace.empty()) log_trace(method, error, trace);
  return error;
}

Error Mounted::wrong_type(py::handle got, const std::string& method, const char* returns,
                          const std::string& why) const {
  const auto type = got.is_none() ? "None" : py::str(got.get_type().attr("__name__")).cast<std::string>();
  const Error error(Code::internal, fmt::format("{}: {}: returned {}, not {}{}", title_, method, type, returns,
                                                why.empty() ? "" : " (" + why + ")"));
  log_trace(method, error, "");
  return error;
}

void Mounted::log_trace(const std::string& method, const Error& error, const std::string& trace) const {
  const std::lock_guard lock(mutex_);
  if (log_ == nullptr) return;
  const auto line = method + error.what();
  const auto level = line == last_logged_ ? Level::debug : Level::error;  // once is enough in a row
  last_logged_ = line;
  log_->log(level, "{}", error.what());
  for (std::size_t begin = 0; begin < trace.size();) {
    const auto end = std::min(trace.find('\n', begin), trace.size());
    log_->log(level, "{}", std::string_view(trace).substr(begin, end - begin));
    begin = end + 1;
  }
}

void Mounted::Call::run() {
  try {
    const py::object method =
        object_ ? py::getattr(object_->get(), this->method().c_str(), py::none()) : py::object(py::none());
    const auto result = begin(method);
    if (PyCoro_CheckExact(result.ptr()) == 0) return accept(result);
    const auto seconds = std::chrono::duration<double>(mounted_->prepared_.settings.call_timeout).count();
    const auto self = std::static_pointer_cast<Call>(shared_from_this());
    mounted_->loop_->get().attr("run")(
        result, seconds, py::cpp_function([self](const py::object& future) { self->accept_future(future); }));
  } catch (const py::error_already_set& raised) {
    finish(std::make_exception_ptr(mounted_->explained(raised, this->method())));
  } catch (const Error& error) {
    finish(std::make_exception_ptr(mounted_->within(error, this->method())));
  } catch (const std::exception& error) {
    finish(std::make_exception_ptr(
        mounted_->within(Error(Code::internal, std::string("the call: ") + error.what()), this->method())));
  }
}

void Mounted::Call::accept(py::handle result) {
  if (!pending()) return set_over();
  std::string why;
  try {
    store(result);
    return finish(nullptr);
  } catch (const py::error_already_set& raised) {
    why = plugin_error(raised).what();
  } catch (const Error& error) {
    if (error.code() != Code::invalid && error.code() != Code::too_large) {
      return finish(std::current_exception());
    }
    why = error.what();
  } catch (const py::builtin_exception& error) {
    why = error.what();
  } catch (const std::exception& error) {
    why = error.what();
  }
  finish(std::make_exception_ptr(mounted_->wrong_type(result, method(), returns_, why)));
}

void Mounted::Call::accept_future(py::handle future) {
  try {
    const py::object result = future.attr("result")();
    accept(result);
  } catch (const py::error_already_set& raised) {
    if (raised.matches(mount_function("Late"))) {
      return finish(std::make_exception_ptr(mounted_->late(method())));
    }
    finish(std::make_exception_ptr(mounted_->explained(raised, method())));
  } catch (const std::exception& error) {
    finish(std::make_exception_ptr(Error(Code::internal, error.what())));
  }
}

std::string text_result(py::handle value) {
  if (!py::isinstance<py::str>(value)) throw py::type_error("a str is expected");
  return value.cast<std::string>();
}

bool bool_result(py::handle value) {
  if (!py::isinstance<py::bool_>(value)) throw py::type_error("True or False is expected");
  return value.cast<bool>();
}

std::optional<Bytes> optional_bytes_result(py::handle value) {
  if (value.is_none()) return std::nullopt;
  return bytes_from(value);
}

std::uint64_t count_result(py::handle value) {
  if (!py::isinstance<py::int_>(value)) throw py::type_error("an int is expected");
  return value.cast<std::uint64_t>();
}

}  // namespace drawbridge::python
