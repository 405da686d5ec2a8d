"""The one frozen Settings, read once from the environment; each key may come from a file (`…_FILE`)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

PREFIX = "BOARD_"
STAFF_ROLES = ("auditor", "agent", "moderator", "admin")
MOST = 1_000_000
NAME = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")  # a host in ASCII, maybe with a port


class WrongSetting(Exception):
    """A setting that cannot be used; says which, and what it should look like."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`base_url` has no final slash; `trusted_proxies` may tell the client's address by X-Forwarded-For.

    `outbound_near` are networks of one's own that webhooks and mirrors may go to, also without encryption.
    `page_memory_mib` is how much one process keeps of pages that it has rendered. `metrics_token` opens `/metrics`.
    `mail_inbox` is the address of the mailbox that the board reads, through `imap_url` or as its server hands it over
    with `mail_token`; `mail_authserv` is that server's name.
    """

    database_url: str = "sqlite:///data/board.db"
    base_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path("data")
    smtp_url: str | None = None
    mail_from: str | None = None
    mail_inbox: str | None = None
    mail_authserv: str | None = None
    mail_token: str | None = None
    imap_url: str | None = None
    secret_key: str | None = None
    log_key_file: Path | None = None
    log_origin: str | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    page_memory_mib: int = 64
    metrics_token: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_role_claim: str = "roles"
    oidc_roles: tuple[tuple[str, str], ...] = ()
    outbound_near: tuple[IPv4Network | IPv6Network, ...] = ()
    live_topics: int = 20  # a socket
    live_sockets: int = 30  # an address
    live_accepts: int = 200  # a second and process
    live_messages: int = 20  # that a socket may send in 10 s
    live_message_bytes: int = 16_384

    @property
    def origin(self) -> str:
        """The record's name: the base URL without its scheme, plus `/log`."""
        return self.log_origin or self.base_url.split("://", 1)[1] + "/log"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


def read(environment: Mapping[str, str]) -> Settings:
    """Raises WrongSetting, with the key's name, for what cannot be used."""
    given = {key: value for key in KEYS if (value := lookup(environment, PREFIX + key)) is not None}
    values: dict[str, Any] = {key.lower(): KEYS[key](PREFIX + key, value) for key, value in given.items()}
    if "data_dir" in values and "database_url" not in values:
        values["database_url"] = f"sqlite:///{values['data_dir'] / 'board.db'}"
    if "oidc_issuer" in values and not values.get("oidc_client_id"):
        raise WrongSetting("BOARD_OIDC_CLIENT_ID: give the name that the issuer has for this board")
    if "oidc_issuer" in values and not values.get("oidc_roles"):
        raise WrongSetting("BOARD_OIDC_ROLES: say who may what, for example support=agent,leads=moderator,ops=admin")
    if {"imap_url", "mail_token"} & values.keys() and "mail_inbox" not in values:
        raise WrongSetting("BOARD_MAIL_INBOX: give the address of the mailbox, for example answers@example.com")
    return Settings(**values)


def lookup(environment: Mapping[str, str], key: str) -> str | None:
    """The value of a key, from the environment or from the file that `…_FILE` names; empty counts as unset."""
    file = environment.get(f"{key}_FILE")
    if file and key != PREFIX + "LOG_KEY":
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except OSError as wrong:
            raise WrongSetting(f"{key}_FILE: cannot read {file}: {wrong.strerror}") from None
        except UnicodeDecodeError:
            raise WrongSetting(f"{key}_FILE: {file} holds no text in UTF-8") from None
    return environment.get(key, "").strip() or None


def text(key: str, value: str) -> str:
    return value


def path(key: str, value: str) -> Path:
    return Path(value)


def database(key: str, value: str) -> str:
    if value.startswith("postgres://"):
        value = "postgresql://" + value.removeprefix("postgres://")
    parts = address(value)
    sqlite = value.startswith("sqlite:///") and len(value) > len("sqlite:///")
    if not sqlite and (parts is None or parts.scheme != "postgresql" or not parts.path.strip("/")):
        raise WrongSetting(f"{key}: use sqlite:///path/to/board.db or postgresql://user:password@host/name")
    return value


def address(value: str) -> SplitResult | None:
    """The parts of a URL; None where it is none, or its port is no port."""
    try:
        parts = urlsplit(value)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def base(key: str, value: str) -> str:
    parts = address(value)
    if parts is None or parts.scheme not in ("http", "https") or not NAME.fullmatch(parts.netloc):
        raise WrongSetting(f"{key}: give the board's own address, for example https://issues.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise WrongSetting(f"{key}: give an address without a path; the board needs a host name of its own")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def smtp(key: str, value: str) -> str:
    parts = address(value)
    if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise WrongSetting(f"{key}: use smtp://user:password@host:587 or smtps://user:password@host:465")
    return value


def imap(key: str, value: str) -> str:
    parts = address(value)
    if parts is None or parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise WrongSetting(f"{key}: use imaps://user:password@host:993 or imaps://user:password@host/Folder")
    return value


def inbox(key: str, value: str) -> str:
    local, _, host = value.rpartition("@")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,20}", local) or not NAME.fullmatch(host):
        raise WrongSetting(f"{key}: give an address such as answers@example.com, at most 20 characters before the @")
    return value.lower()


def networks(key: str, value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError as wrong:
        raise WrongSetting(f"{key}: {wrong}; give addresses or networks with commas between") from None


def plain(key: str, value: str) -> str:
    if not (value.isascii() and value.isprintable()) or set(value) & set('"\\ +\n'):
        raise WrongSetting(f"{key}: use printable ASCII without spaces, quotes, backslashes and plus signs")
    return value


def secret(key: str, value: str) -> str:
    if len(value) < 32:
        raise WrongSetting(f"{key}: give at least 32 characters, or nothing: then one is made and kept")
    return value


def token(key: str, value: str) -> str:
    if len(value) < 32 or not value.isascii():
        raise WrongSetting(f"{key}: give at least 32 characters in ASCII that nobody guesses")
    return value


def mebibytes(key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 5):
        raise WrongSetting(f"{key}: give a whole number of MiB, for example 64; 0 keeps nothing")
    return int(value)


def number(key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= MOST):
        raise WrongSetting(f"{key}: give a number from 1 to {MOST}")
    return int(value)


def issuer(key: str, value: str) -> str:
    parts = address(value)
    is_near = parts is not None and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts is None or not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_near)):
        raise WrongSetting(f"{key}: give the issuer as it names itself, for example https://login.example.com/realm")
    return value


def roles(key: str, value: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.strip().rpartition("=") for part in value.split(",") if part.strip()]
    if not all(theirs.strip() and ours.strip() in STAFF_ROLES for theirs, _, ours in pairs):
        raise WrongSetting(f"{key}: give THEIRS=OURS with commas between; ours are {', '.join(STAFF_ROLES)}")
    return tuple((theirs.strip(), ours.strip()) for theirs, _, ours in pairs)


KEYS: dict[str, Callable[[str, str], Any]] = {
    "DATABASE_URL": database,
    "BASE_URL": base,
    "DATA_DIR": path,
    "SMTP_URL": smtp,
    "MAIL_FROM": text,
    "MAIL_INBOX": inbox,
    "MAIL_AUTHSERV": text,
    "MAIL_TOKEN": token,
    "IMAP_URL": imap,
    "SECRET_KEY": secret,
    "LOG_KEY_FILE": path,
    "LOG_ORIGIN": plain,
    "TRUSTED_PROXIES": networks,
    "PAGE_MEMORY_MIB": mebibytes,
    "METRICS_TOKEN": token,
    "OIDC_ISSUER": issuer,
    "OIDC_CLIENT_ID": text,
    "OIDC_CLIENT_SECRET": text,
    "OIDC_ROLE_CLAIM": text,
    "OIDC_ROLES": roles,
    "OUTBOUND_NEAR": networks,
    "LIVE_TOPICS": number,
    "LIVE_SOCKETS": number,
    "LIVE_ACCEPTS": number,
    "LIVE_MESSAGES": number,
    "LIVE_MESSAGE_BYTES": number,
}
