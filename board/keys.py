"""The board's two secrets, made at first start and kept in files of mode 0600, never in the database."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from board.settings import Settings, WrongSetting

SECRET_LENGTH = 32  # characters, at least


@dataclass(frozen=True)
class Keys:
    """`secret` makes the private links; `log` signs the record."""

    secret: bytes
    log: Ed25519PrivateKey

    @property
    def log_public(self) -> bytes:
        return self.log.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def load(settings: Settings) -> Keys:
    """Reads the keys, making those that are missing; raises WrongSetting where a file cannot be used."""
    secret = settings.secret_key or kept_secret(settings.data_dir / "secret.key")
    log_file = settings.log_key_file or settings.data_dir / "log.key"
    try:
        log = serialization.load_pem_private_key(kept(log_file, new_log_key), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongSetting(
            f"BOARD_LOG_KEY_FILE: {log_file} holds no private key in PEM form, or a locked one"
        ) from None
    if not isinstance(log, Ed25519PrivateKey):
        raise WrongSetting(f"BOARD_LOG_KEY_FILE: {log_file} must hold an Ed25519 key")
    return Keys(secret.encode(), log)


def kept_secret(file: Path) -> str:
    secret = kept(file, new_secret).decode("ascii", "replace").strip()
    if len(secret) < SECRET_LENGTH:
        raise WrongSetting(f"BOARD_SECRET_KEY: the secret in {file} is too short; restore the file from a backup")
    return secret


def kept(file: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; made first, by one process only, where it is not there."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_new(file, make())
        return file.read_bytes()
    except OSError as wrong:
        raise WrongSetting(f"cannot read or make the key {file}: {wrong.strerror}") from None


def write_new(file: Path, content: bytes) -> None:
    """Writes the file whole or not at all, and never over another one."""
    if file.exists():
        return
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def new_secret() -> bytes:
    return secrets.token_urlsafe(48).encode()


def new_log_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
