#include "layer.h"

namespace drawbridge::decorators {

/// Keeps the layer while it lives, as a writer may outlive the call that made it.
class Layer::Writer final : public BlobWriter {
 public:
  Writer(std::shared_ptr<Layer> layer, std::unique_ptr<BlobWriter> writer)
      : layer_(std::move(layer)), writer_(std::move(writer)) {}

  Task<> write(BytesView bytes) override {
    co_await layer_->before(Call::write);
    co_await writer_->write(bytes);
    co_await layer_->after(Call::write);
  }

  Task<> commit(std::string id) override {
    co_await layer_->before(Call::write);
    co_await writer_->commit(std::move(id));
    co_await layer_->after(Call::write);
  }

 private:
  const std::shared_ptr<Layer> layer_;
  const std::unique_ptr<BlobWriter> writer_;
};

void Layer::options(Options& o) {
  o.use("over", over_, "The storage that does the work.");
}

Task<> Layer::start(Host& host) {
  host_ = &host;
  blobs_ = blobs_of(*over_);
  co_return;
}

Task<> Layer::before(Call) {
  co_return;
}
Task<> Layer::after(Call) {
  co_return;
}
void Layer::alter(What, MutableBytes) {}

Task<std::optional<Bytes>> Layer::get(Key key) {
  co_await before(Call::read);
  auto value = co_await over_->get(std::move(key));
  if (value) alter(What::record, *value);
  co_await after(Call::read);
  co_return value;
}

Task<Records::Page> Layer::scan(Key prefix, Key after_key, std::size_t limit) {
  co_await before(Call::read);
  auto page = co_await over_->scan(std::move(prefix), std::move(after_key), limit);
  for (auto& record : page.records) alter(What::record, record.value);
  co_await after(Call::read);
  co_return page;
}

Task<> Layer::commit(Batch batch) {
  batch.validate();
  co_await before(Call::write);
  co_await over_->commit(std::move(batch));
  co_await after(Call::write);
}

Task<std::unique_ptr<BlobWriter>> Layer::create() {
  co_await before(Call::write);
  auto writer = co_await need_blobs(blobs_).create();
  co_await after(Call::write);
  co_return std::make_unique<Writer>(shared_from_this(), std::move(writer));
}

Task<std::optional<BlobInfo>> Layer::stat(std::string id) {
  co_await before(Call::read);
  auto info = co_await need_blobs(blobs_).stat(std::move(id));
  co_await after(Call::read);
  co_return info;
}

Task<std::size_t> Layer::read(std::string id, std::uint64_t offset, MutableBytes out) {
  co_await before(Call::read);
  const std::size_t got = co_await need_blobs(blobs_).read(std::move(id), offset, out);
  alter(What::blob, out.first(got));
  co_await after(Call::read);
  co_return got;
}

Task<bool> Layer::erase(std::string id) {
  co_await before(Call::write);
  const bool erased = co_await need_blobs(blobs_).erase(std::move(id));
  co_await after(Call::write);
  co_return erased;
}

Task<Blobs::Page> Layer::list(std::string after_id, std::size_t limit) {
  co_await before(Call::read);
  auto page = co_await need_blobs(blobs_).list(std::move(after_id), limit);
  co_await after(Call::read);
  co_return page;
}

void Dice::start(std::uint64_t seed, Random& random) {
  engine_.seed(seed != 0 ? seed : load_u64be(random.bytes(8)));
}

bool Dice::roll(std::uint32_t per_million) {
  return per_million != 0 && below(million) < per_million;
}

std::uint64_t Dice::below(std::uint64_t bound) {
  const std::lock_guard lock(mutex_);
  return engine_() % bound;
}

}  // namespace drawbridge::decorators
