#include "drawbridge/testkit/keeper_suite.h"

#include <atomic>

#include "drawbridge/random.h"
#include "parallel.h"

namespace drawbridge::testkit {

KeeperNodes::~KeeperNodes() = default;

namespace {

using std::chrono::hours;

constexpr hours later(24 * 365);

const std::string nobody = "node_" + std::string(64, '0');

Timestamp now() {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

/// A grant of an asset that no other case has, and its data key.
struct Given {
  Grant grant;
  Secret key = system_random().secret(32);

  Given(KeeperNodes& nodes, Policy policy) : grant(make(nodes, std::move(policy))) {}
  static Grant make(KeeperNodes& nodes, Policy policy) {
    static std::atomic<int> number = 0;
    return {"sha256:keeper-suite-" + std::to_string(++number),
            nodes.owner().node_id(),
            nodes.grantee().node_id(),
            std::move(policy),
            std::string(nodes.keeper().keeper()),
            now()};
  }
};

Policy to_grantee(KeeperNodes& nodes) {
  return Policy::recipient(nodes.grantee().node_id());
}
Policy until_later(KeeperNodes& nodes) {
  return Policy::all({to_grantee(nodes), Policy::before(now() + later)});
}

std::optional<Bytes> entrust(KeeperNodes& nodes, const Given& given) {
  return nodes.wait(nodes.keeper().entrust(given.grant, given.key.clone()));
}
Bytes release(KeeperNodes& nodes, const Given& given) {
  return nodes.wait(nodes.keeper().release(given.grant.asset, given.grant.grantee));
}
void revoke(KeeperNodes& nodes, const Given& given) {
  nodes.wait(nodes.keeper().revoke(given.grant.asset, given.grant.grantee));
}
void release_throws(KeeperNodes& nodes, Code code, const Given& given, const std::string& who = {},
                    SourceLocation where = SourceLocation::current()) {
  nodes.wait(
      check_throws(code, nodes.keeper().release(given.grant.asset, who.empty() ? given.grant.grantee : who), where));
}

/// Whether the grantee gets the data key out of it.
void check_opens(KeeperNodes& nodes, const Given& given, const Bytes& wrapped) {
  const Secret opened = nodes.grantee().unwrap(given.grant.context(), wrapped);
  check(opened.equals(given.key.bytes()), "the grantee unwraps another key than was entrusted");
}

void has_a_name(KeeperNodes& nodes) {
  const auto name = nodes.keeper().keeper();
  check(!name.empty() && name.size() <= 32, "a keeper's name has 1 to 32 characters");
  for (const char c : name) {
    check((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_',
          "a keeper's name is of a-z, 0-9, - and _");
  }
}

void unconditional_grant(KeeperNodes& nodes) {
  const Given given(nodes, to_grantee(nodes));
  const auto wrapped = entrust(nodes, given);
  check(wrapped.has_value(), "entrust returns no wrapped key for a policy without conditions");
  check_opens(nodes, given, *wrapped);
  check_opens(nodes, given, release(nodes, given));
}

void conditional_grant(KeeperNodes& nodes) {
  const Given given(nodes, until_later(nodes));
  check(!entrust(nodes, given), "entrust gives the key away although the policy has a condition");
  check_opens(nodes, given, release(nodes, given));
}

void bound_to_its_grant(KeeperNodes& nodes) {
  const Given given(nodes, to_grantee(nodes));
  const auto wrapped = entrust(nodes, given);
  check(wrapped.has_value(), "entrust returns no wrapped key for a policy without conditions");
  Grant other = given.grant;
  other.asset += "x";
  try {
    nodes.grantee().unwrap(other.context(), *wrapped);
  } catch (const Error& error) {
    check(error.code() == Code::cannot_open, std::string("unwrapping for another asset threw ") + error.what());
    return;
  }
  throw Failure("a wrapped key opens for another asset: it is not bound to Grant::context()");
}

void not_before_its_time(KeeperNodes& nodes) {
  const Given given(nodes, Policy::all({to_grantee(nodes), Policy::after(now() + later)}));
  check(!entrust(nodes, given), "entrust gives the key away although the policy does not hold yet");
  release_throws(nodes, Code::forbidden, given);
}

void expired_is_gone(KeeperNodes& nodes) {
  const Given given(nodes, Policy::all({to_grantee(nodes), Policy::before(now() - hours(1))}));
  entrust(nodes, given);
  release_throws(nodes, Code::gone, given);
}

void revoked_is_gone(KeeperNodes& nodes) {
  for (const bool conditional : {false, true}) {
    const Given given(nodes, conditional ? until_later(nodes) : to_grantee(nodes));
    entrust(nodes, given);
    revoke(nodes, given);
    release_throws(nodes, Code::gone, given);
  }
}

void revoked_twice(KeeperNodes& nodes) {
  const Given given(nodes, until_later(nodes));
  entrust(nodes, given);
  revoke(nodes, given);
  revoke(nodes, given);
  release_throws(nodes, Code::gone, given);
}

void no_grant_is_forbidden(KeeperNodes& nodes) {
  const Given given(nodes, to_grantee(nodes));
  entrust(nodes, given);
  release_throws(nodes, Code::forbidden, given, nodes.owner().node_id());
  release_throws(nodes, Code::forbidden, given, nobody);
  nodes.wait(check_throws(Code::not_found, nodes.keeper().revoke(given.grant.asset, nodes.owner().node_id())));
  check_opens(nodes, given, release(nodes, given));
}

void policy_of_another_is_forbidden(KeeperNodes& nodes) {
  const Given given(nodes, Policy::all({Policy::recipient(nodes.owner().node_id()), Policy::before(now() + later)}));
  entrust(nodes, given);
  release_throws(nodes, Code::forbidden, given);
}

void unknown_asset(KeeperNodes& nodes) {
  const Given given(nodes, to_grantee(nodes));
  release_throws(nodes, Code::not_found, given);
  nodes.wait(check_throws(Code::not_found, nodes.keeper().revoke(given.grant.asset, given.grant.grantee)));
}

void unknown_grantee(KeeperNodes& nodes) {
  for (const bool conditional : {false, true}) {
    Given given(nodes, conditional ? until_later(nodes) : Policy::recipient(nobody));
    given.grant.grantee = nobody;
    nodes.wait(check_throws(Code::not_found, nodes.keeper().entrust(given.grant, given.key.clone())));
    release_throws(nodes, Code::not_found, given);
  }
}

void one_asset_for_several(KeeperNodes& nodes) {
  const Given first(nodes, to_grantee(nodes));
  entrust(nodes, first);
  Grant second = first.grant;
  second.grantee = nodes.owner().node_id();
  second.policy = Policy::recipient(second.grantee);
  const auto wrapped = nodes.wait(nodes.keeper().entrust(second, first.key.clone()));
  check(wrapped && nodes.owner().unwrap(second.context(), *wrapped).equals(first.key.bytes()),
        "the second grantee of an asset does not get its key");
  revoke(nodes, first);
  release_throws(nodes, Code::gone, first);
  const Bytes again = nodes.wait(nodes.keeper().release(second.asset, second.grantee));
  check(nodes.owner().unwrap(second.context(), again).equals(first.key.bytes()),
        "revoking one grant of an asset ends another");
}

void restart_keeps_grants(KeeperNodes& nodes) {
  const Given unconditional(nodes, to_grantee(nodes)), conditional(nodes, until_later(nodes)),
      revoked(nodes, until_later(nodes));
  for (const Given* given : {&unconditional, &conditional, &revoked}) entrust(nodes, *given);
  revoke(nodes, revoked);
  nodes.restart();
  check_opens(nodes, unconditional, release(nodes, unconditional));
  check_opens(nodes, conditional, release(nodes, conditional));
  release_throws(nodes, Code::gone, revoked);
}

Task<> entrust_and_release(Keeper& keeper, const Given& given, Bytes& wrapped) {
  co_await keeper.entrust(given.grant, given.key.clone());
  wrapped = co_await keeper.release(given.grant.asset, given.grant.grantee);
}

void concurrent_grants(KeeperNodes& nodes) {
  constexpr std::size_t count = 16;
  std::vector<Given> given;
  for (std::size_t i = 0; i < count; ++i) given.emplace_back(nodes, until_later(nodes));
  std::vector<Bytes> wrapped(count);
  std::vector<Task<>> tasks;
  for (std::size_t i = 0; i < count; ++i) {
    tasks.push_back(entrust_and_release(nodes.keeper(), given[i], wrapped[i]));
  }
  nodes.wait(in_parallel(std::move(tasks)));
  for (std::size_t i = 0; i < count; ++i) check_opens(nodes, given[i], wrapped[i]);
}

/// Releases until the grant is gone. Nothing but the key or `gone` may come.
Task<> release_until_gone(Keeper& keeper, const Given& given) {
  for (;;) {
    try {
      co_await keeper.release(given.grant.asset, given.grant.grantee);
    } catch (const Error& error) {
      check(error.code() == Code::gone, std::string("a release while the grant is revoked threw ") + error.what());
      co_return;
    }
  }
}

Task<> revoke_one(Keeper& keeper, const Given& given) {
  co_await keeper.revoke(given.grant.asset, given.grant.grantee);
  co_await check_throws(Code::gone, keeper.release(given.grant.asset, given.grant.grantee));
}

void concurrent_revocation(KeeperNodes& nodes) {
  const Given given(nodes, until_later(nodes));
  entrust(nodes, given);
  std::vector<Task<>> tasks;
  for (int i = 0; i < 2; ++i) tasks.push_back(release_until_gone(nodes.keeper(), given));
  for (int i = 0; i < 3; ++i) tasks.push_back(revoke_one(nodes.keeper(), given));
  nodes.wait(in_parallel(std::move(tasks)));
}

}  // namespace

std::vector<KeeperCase> keeper_suite() {
  return {
      {"HasAName", has_a_name},
      {"UnconditionalGrantIsWrappedAtOnce", unconditional_grant},
      {"ConditionalGrantIsWrappedOnDemand", conditional_grant},
      {"WrappedKeyIsBoundToItsGrant", bound_to_its_grant},
      {"NotBeforeItsTime", not_before_its_time},
      {"ExpiredIsGone", expired_is_gone},
      {"RevokedIsGone", revoked_is_gone},
      {"RevokedTwiceIsFine", revoked_twice},
      {"WhoHasNoGrantIsForbidden", no_grant_is_forbidden},
      {"PolicyOfAnotherIsForbidden", policy_of_another_is_forbidden},
      {"UnknownAssetIsNotFound", unknown_asset},
      {"UnknownGranteeIsNotFound", unknown_grantee},
      {"OneAssetForSeveral", one_asset_for_several},
      {"RestartKeepsGrants", restart_keeps_grants},
      {"ConcurrentGrants", concurrent_grants},
      {"ConcurrentRevocation", concurrent_revocation},
  };
}

}  // namespace drawbridge::testkit
