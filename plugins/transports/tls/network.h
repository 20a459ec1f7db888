#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <set>

#include "connection.h"
#include "drawbridge/handover.h"
#include "drawbridge/host.h"
#include "drawbridge/identity.h"

namespace drawbridge::tls {

struct Settings {
  std::string listen = "127.0.0.1:8000";
  std::vector<std::string> groups{"X25519"};
  Limits limits;
  unsigned max_connections = 256;
  Milliseconds connect_timeout{5000};
  Milliseconds handshake_timeout{10'000};
  Milliseconds keepalive{15'000};
  Milliseconds keepalive_timeout{10'000};
  Milliseconds backoff_min{500};
  Milliseconds backoff_max{30'000};
  Milliseconds drain{5000};
};

/// An address that is listened at, by one user of the network or by several.
struct Listener {
  explicit Listener(const Connection::Strand& strand) : acceptor(strand) {}
  asio::ip::tcp::acceptor acceptor;  ///< Of its strand only.
  std::string address;
  std::atomic<bool> closed{false};
};

/// What one transport wants of the network.
struct User {
  User(const void* its_key, Ref<Identity> its_identity, Settings its_settings)
      : key(its_key),
        identity(std::move(its_identity)),
        settings(std::move(its_settings)),
        context(identity->node_key(), settings.groups) {}

  const void* const key;
  const Ref<Identity> identity;
  const Settings settings;
  const Context context;
  std::shared_ptr<Listener> listener{};  ///< Null: listens nowhere.
};

/// All connections of a node: who listens, who is dialed and when again, which of two connections stays. Its tasks keep
/// it alive, so that a stop that was given up leaves nothing dangling.
///
/// A transport that replaces another one in a reload joins its network, and the connections stay. The user that joined
/// last is current: its settings count for what is connected from then on.
class Network final : public ConnectionOwner, public std::enable_shared_from_this<Network> {
 public:
  explicit Network(Host& host);

  /// Throws Error{unavailable} when it cannot listen, and then nothing has happened.
  void join(std::shared_ptr<User> user);
  /// The last one to leave ends all connections, when their streams have ended.
  Task<> leave(const void* key);

  void serve(const void* key, std::string protocol, Transport::Handler handler);
  void withdraw(const void* key, const std::string& protocol);
  Task<std::unique_ptr<Stream>> open(std::string node_id, std::string protocol);
  std::vector<LinkStatus> links() const;
  std::string describe() const;

  std::string judge(Connection& connection, BytesView node_key) override;
  Transport::Handler accept(Connection& connection, const std::string& protocol) override;
  void run_handler(std::shared_ptr<Connection> connection, std::shared_ptr<StreamState> stream,
                   Transport::Handler handler) override;
  void connection_changed(Connection& connection) override;

 private:
  using ConnectionPtr = std::shared_ptr<Connection>;
  using Self = std::shared_ptr<Network>;

  /// What is known of the way to one peer.
  struct Link {
    std::vector<ConnectionPtr> connections;  ///< At most one is not retired.
    bool dialing = false;
    unsigned arriving = 0;     ///< Connections from the peer that have not said hello yet.
    std::uint64_t serial = 0;  ///< Of this side's dials.
    std::uint64_t seen = 0;    ///< The greatest serial that came from the peer.
    std::uint64_t failed_dials = 0;
    unsigned failures_in_row = 0;
    SteadyClock::time_point retry_at{};
    std::optional<Error> last_error;
    Timestamp since{};
    std::size_t waiting = 0;
  };
  class Waiting;

  Task<> stop();
  std::shared_ptr<const User> current() const;
  std::shared_ptr<Listener> listen(const std::string& where);
  void close(const std::shared_ptr<Listener>& listener);
  void spawn(asio::any_io_executor executor, Task<> task);
  static Task<> counted(Self self, Task<> task);
  Connection::Strand new_strand();

  static Task<> accept_loop(Self self, std::shared_ptr<Listener> listener);
  static Task<> watch_loop(Self self);
  static Task<> serve_connection(Self self, ConnectionPtr connection);
  static Task<> run_connection(Self self, ConnectionPtr connection);
  static Task<> write_connection(Self self, ConnectionPtr connection);
  static Task<> handle(Self self, ConnectionPtr connection, std::shared_ptr<StreamState> stream,
                       Transport::Handler handler);

  static Task<> dial(Self self, std::string node_id, Connection::Strand strand, Hello hello);
  static Task<ConnectionPtr> dial_any(Self self, std::string node_id, Connection::Strand strand, Hello hello);
  static Task<ConnectionPtr> dial_one(Self self, Peer peer, std::string address, Connection::Strand strand,
                                      Hello hello);
  void dial_failed(const std::string& node_id, const Error& error);

  void demand_peer(const std::string& node_id) const;
  ConnectionPtr reach(const std::string& node_id, std::optional<std::uint64_t>& failed_before);
  void adopt(const ConnectionPtr& connection);
  bool prefer(const Connection& left, const Connection& right) const;
  void forget(const ConnectionPtr& connection);
  bool still_known(const Connection& connection) const;
  void watch_connections();
  std::vector<ConnectionPtr> all_connections() const;
  bool stopping() const;
  void stop_listening();
  template <class Done>
  Task<> wait_until(Done done, std::optional<Milliseconds> limit);

  Host& host_;
  const Bytes instance_;
  const Connection::Strand strand_;  ///< Of the acceptors and the timer.
  asio::steady_timer watch_timer_;
  ProtocolTable protocols_;

  mutable std::mutex users_mutex_;            ///< The innermost lock.
  std::vector<std::shared_ptr<User>> users_;  ///< The last one is current. Never empty once there was one.

  mutable std::mutex mutex_;  ///< Never taken by who holds a connection's lock.
  std::map<std::string, Link> links_;
  std::set<ConnectionPtr> connections_;  ///< All, those in their handshake too.
  std::size_t tasks_ = 0;
  bool stopping_ = false;
  Wakeup changed_;
};

}  // namespace drawbridge::tls
