#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "buffers.h"
#include "drawbridge/host.h"
#include "settings.h"
#include "values.h"
#include "workers.h"

namespace drawbridge::python {

/// A Python object that C++ holds beyond one call; it is let go on a worker.
using SharedObject = std::shared_ptr<Object>;

/// An instance of a Python class, and how to call it: on threads of its own, with a deadline, and with every failure
/// made an Error of this component.
///
/// `invoke(method)` calls it, with the GIL, and returns what it returns; `convert(result)` makes C++ of that, and
/// throws when it is not what the contract says, which `returns` tells: "bytes or None". Both own what they capture.
class Mounted : public std::enable_shared_from_this<Mounted> {
 public:
  explicit Mounted(Prepared prepared);
  ~Mounted();

  Task<> start(Host& host);
  Task<> stop();
  Health health();
  void declare(Options& options);
  const Settings& settings() const { return prepared_.settings; }

  template <class Result, class Invoke, class Convert>
  Task<Result> call(const char* method, const char* returns, Invoke invoke, Convert convert) {
    return call_on<Result>(instance_, method, returns, std::move(invoke), std::move(convert));
  }
  template <class Result, class Invoke, class Convert>
  Task<Result> call_on(SharedObject object, const char* method, const char* returns, Invoke invoke, Convert convert);

  /// The same for what C++ does not await: the thread waits, unless it has the GIL; then it calls.
  template <class Result, class Invoke, class Convert>
  Result call_now(SharedObject object, const char* method, const char* returns, Invoke invoke, Convert convert) const;
  template <class Result, class Invoke, class Convert>
  Result call_now(const char* method, const char* returns, Invoke invoke, Convert convert) const {
    return call_now<Result>(instance_, method, returns, std::move(invoke), std::move(convert));
  }

  /// Calls without waiting for it, and forgets what comes out.
  void call_and_forget(SharedObject object, const char* method);

  /// With the GIL.
  SharedObject share(py::object object) const;

 private:
  class Call;
  template <class Result, class Invoke, class Convert>
  class CallOf;

  Task<> finish(std::shared_ptr<Job> job);
  void finish_now(const std::shared_ptr<Job>& job) const;
  Error late(const std::string& method) const;
  Error explained(const py::error_already_set& raised, const std::string& method) const;
  Error wrong_type(py::handle got, const std::string& method, const char* returns, const std::string& why) const;
  Error within(const Error& error, const std::string& method) const;
  void log_trace(const std::string& method, const Error& error, const std::string& trace) const;
  void make_instance();
  Task<> call_if_there(const char* method);
  void ask_health();

  Prepared prepared_;
  std::string title_;  ///< "python plugin 'main'"
  std::shared_ptr<Workers> workers_;
  SharedObject instance_;
  SharedObject loop_;
  mutable std::mutex mutex_;
  Logger* log_ = nullptr;           ///< Null when not running: the host may be gone.
  Logger* log_to_close_ = nullptr;  ///< Null when stopped already.
  Host* host_ = nullptr;
  mutable std::string last_logged_;
  Health own_health_;
  std::shared_ptr<Job> health_job_;
  std::atomic<bool> asks_health_{false};
};

/// One call: the part that is the same for all.
class Mounted::Call : public Job, public std::enable_shared_from_this<Mounted::Call> {
 public:
  Call(std::shared_ptr<const Mounted> mounted, SharedObject object, const char* method, const char* returns)
      : Job(method), mounted_(std::move(mounted)), object_(std::move(object)), returns_(returns) {}
  void run() override;

 protected:
  virtual py::object begin(const py::object& method) = 0;
  virtual void store(py::handle result) = 0;

 private:
  void accept(py::handle result);
  void accept_future(py::handle future);

  std::shared_ptr<const Mounted> mounted_;
  SharedObject object_;
  const char* returns_;
};

template <class Result, class Invoke, class Convert>
class Mounted::CallOf final : public Mounted::Call {
 public:
  CallOf(std::shared_ptr<const Mounted> mounted, SharedObject object, const char* method, const char* returns,
         Invoke invoke, Convert convert)
      : Call(std::move(mounted), std::move(object), method, returns),
        invoke_(std::move(invoke)),
        convert_(std::move(convert)) {}

  Result take() {
    if constexpr (!std::is_void_v<Result>) return std::move(*value_);
  }

 protected:
  py::object begin(const py::object& method) override { return invoke_(method); }
  void store(py::handle result) override {
    if constexpr (std::is_void_v<Result>) {
      convert_(result);
    } else {
      value_.emplace(convert_(result));
    }
  }

 private:
  using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
  Invoke invoke_;
  Convert convert_;
  std::optional<Value> value_;
};

template <class Result, class Invoke, class Convert>
Task<Result> Mounted::call_on(SharedObject object, const char* method, const char* returns, Invoke invoke,
                              Convert convert) {
  const auto job = std::make_shared<CallOf<Result, Invoke, Convert>>(shared_from_this(), std::move(object), method,
                                                                     returns, std::move(invoke), std::move(convert));
  std::shared_ptr<Job> plain = job;
  co_await finish(std::move(plain));
  co_return job->take();
}

template <class Result, class Invoke, class Convert>
Result Mounted::call_now(SharedObject object, const char* method, const char* returns, Invoke invoke,
                         Convert convert) const {
  const auto job = std::make_shared<CallOf<Result, Invoke, Convert>>(shared_from_this(), std::move(object), method,
                                                                     returns, std::move(invoke), std::move(convert));
  finish_now(job);
  return job->take();
}

// What methods return, as C++ has it. With the GIL; they throw when it is anything else.

/// A method whose result does not matter.
inline void nothing_from(py::handle) {}
std::string text_result(py::handle value);
bool bool_result(py::handle value);
std::optional<Bytes> optional_bytes_result(py::handle value);
std::uint64_t count_result(py::handle value);
template <class T>
std::vector<T> list_result(py::handle values, std::size_t limit, T (*from)(py::handle)) {
  std::vector<T> out;
  for (const auto item : py::iter(values)) {
    if (out.size() == limit) throw py::value_error("more than " + std::to_string(limit) + " items");
    out.push_back(from(item));
  }
  return out;
}

}  // namespace drawbridge::python
