"""A cluster's own authority: TLS that trusts it, and nobody else. Who a server is, its certificate's names say, as everywhere.

Python 3.13 refuses authorities that lack what RFC 5280 wants of them (identifiers of keys, usages). Many a cluster has had such
a one since it was made, and cannot change it; kubectl takes it. So that check is left out here, where one authority is pinned.
"""

import ssl


def trusting(*, cafile: str | None = None, cadata: str | None = None) -> ssl.SSLContext:
    """`cafile` is a path, `cadata` PEM. Raises OSError (SSLError is one), ValueError."""
    tls = ssl.create_default_context(cafile=cafile, cadata=cadata)
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return tls
