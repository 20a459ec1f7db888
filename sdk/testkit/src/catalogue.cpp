#include "drawbridge/testkit/catalogue.h"

#include <algorithm>

#include "component_cases.h"
#include "drawbridge/access.h"
#include "drawbridge/assets.h"
#include "drawbridge/keyring.h"
#include "drawbridge/testkit/blobs_suite.h"
#include "drawbridge/testkit/cipher_suite.h"
#include "drawbridge/testkit/keeper_suite.h"
#include "drawbridge/testkit/ledger_suite.h"
#include "drawbridge/testkit/records_suite.h"
#include "drawbridge/testkit/transport_suite.h"
#include "durable.h"

namespace drawbridge::testkit {
namespace {

/// Each case of a facet's suite on a started instance of its own.
template <class Facet>
void add_suite(std::vector<BenchCase>& out, const std::string& name, const Suite<Facet>& suite) {
  for (const auto& test : suite) {
    out.push_back({name, test.name, [test](Bench& bench) {
                     const auto mount = started(bench);
                     bench.note("in the case, after start()");
                     mount->wait(test.run(*mount->facet<Facet>()));
                     mount->stop();
                   }});
  }
}

std::shared_ptr<Identity> identity_of(Mount& mount) {
  auto found = mount.identity();
  check(found != nullptr, "the node has no Identity, which this suite needs; add one to the configuration");
  return found;
}

void introduce(Mount& knower, const Card& known) {
  knower.wait([](std::shared_ptr<Identity> identity, Card card) -> Task<> {
    co_await identity->add_peer(std::move(card));
  }(identity_of(knower), known));
}

void add_ledger_suite(std::vector<BenchCase>& out) {
  const auto names = ledger_suite({});
  for (std::size_t i = 0; i < names.size(); ++i) {
    out.push_back({"ledger", names[i].name, [i](Bench& bench) {
                     const auto mount = started(bench);
                     bench.note("in the case, after start()");
                     const auto identity = identity_of(*mount);
                     const auto suite = ledger_suite({identity->node_id(), identity->card().keys.node_key});
                     mount->wait(suite[i].run(*mount->facet<Ledger>()));
                     mount->stop();
                   }});
  }
  out.push_back({"ledger", "SurvivesARestart", ledger_survives_a_restart});
}

/// Its card as it would give it to somebody now: with the address where its transport listens, if that says one.
Card card_now(Mount& mount) {
  const auto identity = identity_of(mount);
  Card card = identity->card();
  const std::string detail = mount.component()->health().detail, before = "listening on ";
  if (!detail.starts_with(before)) return card;
  card.addresses = {detail.substr(before.size(), detail.find(',') - before.size())};
  card.issued += Milliseconds(1);
  card.suite_signatures.clear();
  const Bytes signed_bytes = card.signed_bytes();
  card.node_signature = ed25519_sign(identity->node_key().seed, signed_bytes);
  for (const auto& [suite, keys] : card.keys.suites) card.suite_signatures[suite] = identity->sign(signed_bytes);
  return card;
}

void run_on_pair(Bench& bench, const Case<TransportPair>& test) {
  const auto a = started(bench, "alice");
  const auto b = started(bench, "bob");
  introduce(*a, card_now(*b));
  introduce(*b, card_now(*a));
  bench.note("in the case, after start()");
  TransportPair pair{*a->facet<Transport>(), identity_of(*a)->node_id(), *b->facet<Transport>(),
                     identity_of(*b)->node_id()};
  a->wait(test.run(pair));
  a->stop();
  b->stop();
}

class MountedKeeper final : public KeeperNodes {
 public:
  explicit MountedKeeper(Bench& bench) : owner_(started(bench, "alice")), grantee_(bench.mount("bob")) {
    introduce(*owner_, identity_of(*grantee_)->card());
  }
  void run(Task<> task) override { owner_->run(std::move(task)); }
  Keeper& keeper() override { return *owner_->facet<Keeper>(); }
  Identity& owner() override { return *identity_of(*owner_); }
  Identity& grantee() override { return *identity_of(*grantee_); }
  void restart() override {
    owner_->stop();
    owner_->renew();
    owner_->start();
  }
  void stop() { owner_->stop(); }

 private:
  std::unique_ptr<Mount> owner_;
  std::unique_ptr<Mount> grantee_;
};

void add_keeper_suite(std::vector<BenchCase>& out) {
  for (const auto& test : keeper_suite()) {
    out.push_back({"keeper", test.name, [test](Bench& bench) {
                     MountedKeeper nodes(bench);
                     bench.note("in the case, after start()");
                     test.run(nodes);
                     nodes.stop();
                   }});
  }
}

using Add = void (*)(std::vector<BenchCase>& out, std::uint64_t seed);

struct Known {
  std::string_view facet;
  bool (*offered)(Component&);
  Add add;  ///< Null: there is no suite.
};

template <class Facet>
constexpr Known known(Add add) {
  return {Facet::facet_name, [](Component& component) { return dynamic_cast<Facet*>(&component) != nullptr; }, add};
}

const Known facets[] = {
    known<Records>([](std::vector<BenchCase>& out, std::uint64_t seed) {
      add_suite<Records>(out, "records", records_suite(seed));
      out.push_back({"records", "SurvivesARestart", records_survive_a_restart});
    }),
    known<Blobs>([](std::vector<BenchCase>& out, std::uint64_t seed) {
      add_suite<Blobs>(out, "blobs", blobs_suite(seed));
      out.push_back({"blobs", "SurvivesARestart", blobs_survive_a_restart});
    }),
    known<CipherSuite>([](std::vector<BenchCase>& out, std::uint64_t) {
      add_suite<CipherSuite>(out, "cipher", cipher_suite_suite());
      add_suite<CipherSuite>(out, "envelope", envelope_suite());
    }),
    known<Ledger>([](std::vector<BenchCase>& out, std::uint64_t) { add_ledger_suite(out); }),
    known<Transport>([](std::vector<BenchCase>& out, std::uint64_t) {
      for (const auto& test : transport_suite()) {
        out.push_back({"transport", test.name, [test](Bench& bench) { run_on_pair(bench, test); }});
      }
    }),
    known<Keeper>([](std::vector<BenchCase>& out, std::uint64_t) { add_keeper_suite(out); }),
    known<Identity>(nullptr),
    known<Keyring>(nullptr),
    known<Access>(nullptr),
    known<Assets>(nullptr),
};

}  // namespace

std::vector<BenchCase> component_suite() {
  std::vector<BenchCase> suite;
  add_descriptor_cases(suite);
  add_option_cases(suite);
  add_life_cases(suite);
  add_call_cases(suite);
  add_leak_cases(suite);
  return suite;
}

Facets facets_of(Component& component) {
  Facets out;
  for (const auto& facet : facets) {
    if (!facet.offered(component)) continue;
    (facet.add != nullptr ? out.with_suite : out.without_suite).emplace_back(facet.facet);
  }
  return out;
}

std::vector<BenchCase> cases_for(const std::vector<std::string>& names, std::uint64_t seed) {
  auto out = component_suite();
  for (const auto& facet : facets) {
    const bool wanted = std::find(names.begin(), names.end(), facet.facet) != names.end();
    if (wanted && facet.add != nullptr) facet.add(out, seed);
  }
  return out;
}

}  // namespace drawbridge::testkit
