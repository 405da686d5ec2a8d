"""The settings and the keys: what cannot be used is refused at the start, with the name of the key."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from board import keys, serving
from board.settings import Settings, WrongSetting, read
from tests.web.site import SECRET

WRONG = {
    "BOARD_DATABASE_URL": [
        "board.db", "mysql://x/y", "sqlite://board.db", "sqlite:///", "postgresql://", "postgresql://host",
        "postgresql://host:x/y", "postgresql://[::1/y",
    ],
    "BOARD_BASE_URL": [
        "board.example", "ftp://board.example", "https://", "https://board.example/issues", "https://board.example?a=b",
        "https://board.example#a", "https://user:word@board.example", "https://bücher.example", "http://a b", "http://[::1",
        "https://board.example:x", "https://board.example:99999", "https://board.example:0", "javascript:alert(1)",
    ],
    "BOARD_SMTP_URL": [
        "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x", "smtp://mail.example:0", "smtp://[::1",
    ],
    "BOARD_IMAP_URL": ["mail.example", "smtp://me:word@mail.example", "imaps://mail.example", "imaps://me:word@x:0"],
    "BOARD_MAIL_INBOX": ["board", "@board.example", "a+b@board.example", "a@b c", "a" * 21 + "@board.example"],
    "BOARD_MAIL_TOKEN": ["short", "ä" * 40],
    "BOARD_SECRET_KEY": ["short", "x" * 31],
    "BOARD_LOG_ORIGIN": ["a b", 'a"b', "a+b", "ä", "a\\b"],
    "BOARD_TRUSTED_PROXIES": ["all", "10.0.0.0/33", "10.0.0.1,x"],
    "BOARD_PAGE_MEMORY_MIB": ["many", "-1", "1.5", "100000", "²"],
    "BOARD_OIDC_ISSUER": ["login.example", "http://login.example", "https://", "ftp://login.example"],
    "BOARD_LIVE_SOCKETS": ["0", "-1", "x", "1.5", "²", "9" * 30],
    "BOARD_OIDC_ROLES": ["support", "support=boss", "=agent", "support=agent,x"],
}  # fmt: skip
RIGHT: dict[str, tuple[str, str, object]] = {
    "BOARD_BASE_URL": ("https://Issues.Example.com:8443/", "base_url", "https://issues.example.com:8443"),
    "BOARD_DATABASE_URL": ("postgres://me:word@host/board", "database_url", "postgresql://me:word@host/board"),
    "BOARD_SMTP_URL": ("smtps://me:word@mail.example:465", "smtp_url", "smtps://me:word@mail.example:465"),
    "BOARD_PAGE_MEMORY_MIB": ("0", "page_memory_mib", 0),
    "BOARD_SECRET_KEY": (SECRET, "secret_key", SECRET),
    "BOARD_LOG_ORIGIN": ("board.example/log", "log_origin", "board.example/log"),
    "BOARD_DATA_DIR": ("elsewhere", "data_dir", Path("elsewhere")),
    "BOARD_LIVE_ACCEPTS": ("50", "live_accepts", 50),
    "BOARD_MAIL_INBOX": ("Answers@Board.example", "mail_inbox", "answers@board.example"),
    "BOARD_MAIL_AUTHSERV": ("mx.board.example", "mail_authserv", "mx.board.example"),
    "BOARD_MAIL_FROM": ("Tea <tea@board.example>", "mail_from", "Tea <tea@board.example>"),
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_a_setting_that_cannot_be_used_is_refused_by_its_name(key: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=f"^{key}: ") as refused:
        read({key: value})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", RIGHT)
def test_a_setting_comes_from_the_environment_or_from_a_file(key: str, tmp_path: Path) -> None:
    value, name, expected = RIGHT[key]
    assert getattr(read({key: value}), name) == expected
    file = tmp_path / "setting"
    file.write_text(f"{value}\n", encoding="utf-8")
    assert getattr(read({f"{key}_FILE": str(file), key: "not this"}), name) == expected


def test_single_sign_on_is_set_whole_or_not_at_all() -> None:
    issuer = {"BOARD_OIDC_ISSUER": "https://login.example/realm"}
    with pytest.raises(WrongSetting, match=r"^BOARD_OIDC_CLIENT_ID: "):
        read(issuer)
    with pytest.raises(WrongSetting, match=r"^BOARD_OIDC_ROLES: "):
        read({**issuer, "BOARD_OIDC_CLIENT_ID": "board"})
    given = read({**issuer, "BOARD_OIDC_CLIENT_ID": "board", "BOARD_OIDC_ROLES": "cn=ops=admin, support=agent"})
    assert given.oidc_roles == (("cn=ops", "admin"), ("support", "agent"))
    assert given.oidc_role_claim == "roles"


def test_nothing_at_all_is_a_board_on_sqlite_without_mail() -> None:
    assert read({"BOARD_SMTP_URL": "", "BOARD_BASE_URL": "  ", "PATH": "/bin"}) == Settings()
    assert Settings().origin == "127.0.0.1:8000/log"


def test_the_database_stands_in_the_folder_for_data() -> None:
    assert read({"BOARD_DATA_DIR": "/srv/board"}).database_url == "sqlite:////srv/board/board.db"


def test_a_file_that_cannot_be_read_is_refused_by_its_key(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"^BOARD_SECRET_KEY_FILE: cannot read .*: No such file"):
        read({"BOARD_SECRET_KEY_FILE": str(tmp_path / "none")})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongSetting, match=r"^BOARD_SECRET_KEY_FILE: .* holds no text"):
        read({"BOARD_SECRET_KEY_FILE": str(tmp_path / "bytes")})


def test_the_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    first, second = keys.load(settings), keys.load(settings)
    assert (first.secret, first.log_public) == (second.secret, second.log_public)
    assert len(first.secret) >= keys.SECRET_LENGTH
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in settings.data_dir.iterdir()} == {
        "secret.key": 0o600,
        "log.key": 0o600,
    }


def test_a_key_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, log_key_file=tmp_path / "given.pem")
    other = generate_private_key(SECP256R1())
    locked = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")
    )
    plain = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for content in (b"", b"nonsense", locked, plain):
        (tmp_path / "given.pem").write_bytes(content)
        with pytest.raises(WrongSetting, match=r"^BOARD_LOG_KEY_FILE: "):
            keys.load(settings)
    for content in (b"", b"short", b"\xff"):
        (tmp_path / "secret.key").write_bytes(content)
        with pytest.raises(WrongSetting, match="too short"):
            keys.load(Settings(data_dir=tmp_path))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WrongSetting, match=r"cannot read or make the key .*secret\.key: "):
        keys.load(Settings(data_dir=tmp_path / "file" / "data"))


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_without_a_base_url_the_board_is_where_it_listens(host: str, address: str) -> None:
    assert serving.address(host, 80) == address


@pytest.mark.parametrize(("key", "value"), [("IMAP_URL", "imaps://me:word@mail.example"), ("MAIL_TOKEN", "x" * 32)])
def test_what_brings_mail_in_wants_the_address_of_the_mailbox(key: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=r"^BOARD_MAIL_INBOX: "):
        read({f"BOARD_{key}": value})
    assert read({f"BOARD_{key}": value, "BOARD_MAIL_INBOX": "in@board.example"}).mail_inbox == "in@board.example"
