"""A certificate that vouches for itself, with its key, as Key Vault keeps them. Stored nowhere here, and trusted by nobody yet."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONTENT_TYPE = "application/x-pkcs12"
DAYS = 825  # that it is valid: more than two years, so that one `pulumi up` a year renews it in time

_BITS = 2048
_LONGEST_NAME = 64  # of a common name; the host itself stands in the alternative names


def self_signed(host: str, today: datetime | None = None) -> str:
    """PKCS #12 without a password, in base64: what Application Gateway reads from a vault's secret. A new key each time."""
    now = today or datetime.now(UTC)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:_LONGEST_NAME])])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=DAYS))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    certificate = made.sign(key, hashes.SHA256())
    return base64.b64encode(
        pkcs12.serialize_key_and_certificates(None, key, certificate, None, NoEncryption())
    ).decode()
