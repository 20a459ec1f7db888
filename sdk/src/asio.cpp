// The one compilation of Asio. Header-only Asio on both sides of a shared library breaks comparisons of error
// categories and thread-local state across it.
#include <boost/asio/impl/src.hpp>
