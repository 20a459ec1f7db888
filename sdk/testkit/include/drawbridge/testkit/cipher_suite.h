#pragma once

#include "drawbridge/cipher_suite.h"
#include "drawbridge/testkit/suite.h"

namespace drawbridge::testkit {

/// What every cipher suite must do: chunks that open in their place only, small secrets and wrapped keys bound to their
/// context, signatures, password derivation, and safe use from several threads. Key pairs are generated once a suite
/// and process, since that is slow for some.
DRAWBRIDGE_API Suite<CipherSuite> cipher_suite_suite();

/// The envelope (`drawbridge/envelope.h`) on a cipher suite: round trips around the edges of chunks, and every kind of
/// tampering.
DRAWBRIDGE_API Suite<CipherSuite> envelope_suite();

}  // namespace drawbridge::testkit
