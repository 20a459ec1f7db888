// The one compilation of Asio's TLS part.
#include <boost/asio/ssl/impl/src.hpp>
