"""Content credentials (C2PA): a signed manifest in a picture that says it is a synthetic face swap.

The key is made at the first use and stays on this machine. Its certificate comes from an authority of its own, so
readers show the manifest as intact and its signer as unknown: it tells what a picture is, and proves nobody's name.
"""

from __future__ import annotations

import datetime
import io
import json
from pathlib import Path
from typing import Any

import platformdirs

from fsbench.data.frames import write_atomically

KEY_FILE, CERTIFICATES_FILE = "signing_key.pem", "signing_certificates.pem"
YEARS = 10
# IPTC's word for a picture that people and a trained model made together out of captured ones.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def available() -> bool:
    """Tell whether the packages that sign are installed: `pip install 'fsbench[c2pa]'`."""
    from importlib.util import find_spec

    return find_spec("c2pa") is not None and find_spec("cryptography") is not None


def signed(png: bytes, *, swapper: str, version: int, folder: Path | None = None) -> bytes:
    """Add a C2PA manifest to a PNG; its pixels and text stay as they are.

    Args:
        png: the picture.
        swapper: who made it.
        version: of the swapper.
        folder: where the key lies, or is made; the user's own data folder where it is None.
    """
    import c2pa

    import fsbench

    place = folder or platformdirs.user_data_path("fsbench") / "credentials"
    if not (place / KEY_FILE).is_file() or not (place / CERTIFICATES_FILE).is_file():
        _make_key(place)
    certificates, key = ((place / name).read_bytes() for name in (CERTIFICATES_FILE, KEY_FILE))
    action = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": {"name": swapper, "version": str(version)},
        "description": "face swap: the identity of one person was put on the picture of another",
    }
    manifest = {
        "claim_generator_info": [{"name": "fsbench", "version": fsbench.__version__}],
        "title": "synthetic face swap",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    out = io.BytesIO()
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", certificates, key, None))
    c2pa.Builder(json.dumps(manifest)).sign(signer, "image/png", io.BytesIO(png), out)
    return out.getvalue()


def _make_key(folder: Path) -> None:
    """Make a key, and a certificate for it by an authority whose own key is thrown away."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("fsbench local authority", authority_key, None)
    leaf = _certificate("fsbench on this machine", key, (authority, authority_key))
    chain = b"".join(part.public_bytes(serialization.Encoding.PEM) for part in (leaf, authority))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_atomically(folder / KEY_FILE, secret)
    (folder / KEY_FILE).chmod(0o600)
    write_atomically(folder / CERTIFICATES_FILE, chain)


def _certificate(name: str, key: Any, issuer: tuple[Any, Any] | None) -> Any:
    """Make a certificate as C2PA asks for: an authority (without issuer), or a leaf that may sign documents."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fsbench"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    is_authority = issuer is None
    parent, parent_key = issuer or (None, key)
    usage = x509.KeyUsage(not is_authority, False, False, False, False, is_authority, is_authority, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(parent.subject if parent is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent_key.public_key()), critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )  # what C2PA takes for signing documents
    return builder.sign(parent_key, hashes.SHA256())
