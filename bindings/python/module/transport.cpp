#include "drawbridge/transport.h"

#include "drawbridge/wakeup.h"
#include "module.h"

namespace drawbridge::python {
namespace {

using KeptStream = Kept<Stream>;

Task<std::shared_ptr<KeptStream>> open(Use<Transport> transport, std::string node_id, std::string protocol) {
  std::shared_ptr<Stream> stream = co_await transport->open(std::move(node_id), std::move(protocol));
  co_return KeptStream::make(transport.owner(), std::move(stream));
}

Task<Bytes> ask(Use<Transport> transport, std::string node_id, std::string protocol, Borrowed message,
                std::int64_t timeout_ms) {
  Bytes copy = to_bytes(message.bytes());
  co_return co_await request(*transport, std::move(node_id), std::move(protocol), std::move(copy),
                             Milliseconds(timeout_ms));
}

Task<> send(UseKept<Stream> stream, Borrowed message) {
  Bytes copy = to_bytes(message.bytes());
  co_await stream->send(std::move(copy));
}
Task<std::optional<Bytes>> receive(UseKept<Stream> stream) {
  co_return co_await stream->receive();
}
Task<> finish(UseKept<Stream> stream) {
  co_await stream->finish();
}

/// The end of one Python handler, which runs in a thread or an event loop of Python's own.
struct Ending {
  Wakeup over;
  std::mutex mutex;
  bool done = false;
  std::optional<Error> failure;

  void tell(py::object raised) {
    std::optional<Error> error;
    if (!raised.is_none()) {
      PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.ptr())), raised.ptr());
      error = error_of(py::error_already_set());
    }
    {
      const std::lock_guard lock(mutex);
      if (done) return;
      done = true;
      failure = std::move(error);
    }
    over.notify();
  }
};

/// Python's handler, kept on any thread.
struct Served {
  std::weak_ptr<Owner> owner;
  Object handler;
};

/// Hands the stream to Python: `handler(stream, end)` starts the work and returns; `end(error or None)` ends it.
void hand_over(const Served& served, const std::shared_ptr<KeptStream>& kept, const std::shared_ptr<Ending>& ending) {
  const WithGil gil;
  if (!gil) throw Error(Code::unavailable, "the interpreter is ending");
  try {
    served.handler.get()(kept, py::cpp_function([ending](py::object raised) { ending->tell(std::move(raised)); }));
  } catch (const py::error_already_set& raised) {
    throw error_of(raised);
  }
}

Task<> serve_stream(std::shared_ptr<Served> served, std::shared_ptr<Stream> stream) {
  const auto owner = served->owner.lock();
  if (!owner || owner->closed()) throw Error(Code::unavailable, "the node is stopping");
  const auto kept = KeptStream::make(*owner, std::move(stream));
  const auto ending = std::make_shared<Ending>();
  const std::function<void()> work = [&] { hand_over(*served, kept, ending); };
  co_await workbench().runtime().run_blocking(work);
  for (;;) {
    const auto seen = ending->over.version();
    {
      const std::lock_guard lock(ending->mutex);
      if (ending->done) break;
    }
    co_await ending->over.wait(seen);
  }
  kept->drop();
  if (ending->failure) throw Error(*ending->failure);
}

void serve(const Handle<Transport>& self, const std::string& protocol, py::object handler) {
  const auto use = self.use();
  const auto served = std::make_shared<Served>();
  served->owner = self.owner;
  served->handler = Object(std::move(handler));
  const WithoutGil free;
  use->serve(protocol, [served](std::shared_ptr<Stream> stream) { return serve_stream(served, std::move(stream)); });
}

void withdraw(const Handle<Transport>& self, const std::string& protocol) {
  const auto use = self.use();
  const WithoutGil free;
  use->withdraw(protocol);
}

}  // namespace

void register_transport(py::module_& module) {
  using namespace py::literals;
  py::class_<KeptStream, std::shared_ptr<KeptStream>> stream(module, "Stream");
  stream.def_property_readonly("peer", [](const KeptStream& self) { return self.get("stream")->peer(); });
  def_kept<Stream>(stream, "send", "stream", send, "message"_a);
  def_kept<Stream>(stream, "receive", "stream", receive);
  def_kept<Stream>(stream, "finish", "stream", finish);
  stream.def("drop", [](KeptStream& self) {
    const WithoutGil free;
    self.drop();
  });

  py::class_<Handle<Transport>> transport(module, "Transport");
  def(transport, "open", open, "node_id"_a, "protocol"_a);
  def(transport, "request", ask, "node_id"_a, "protocol"_a, "message"_a, "timeout_ms"_a);
  transport.def("serve", serve, "protocol"_a, "handler"_a);
  transport.def("withdraw", withdraw, "protocol"_a);
  transport.def("links", [](const Handle<Transport>& self) { return to_python(self.use()->links()); });
}

}  // namespace drawbridge::python
