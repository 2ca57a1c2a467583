import hmac
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from home_energy import keys
from home_energy.database import open_database
from home_energy.errors import BadInput, NotFound, SetupError
from home_energy.settings import Settings
from server.key_commands import _end

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    database = open_database(Settings(_env_file=None, data_dir=tmp_path))
    yield database
    database.close()


def test_a_key_opens_the_door_for_its_user(database, tmp_path):
    key_text, created = keys.create(database, tmp_path, "alice", now=NOW)
    assert re.fullmatch(r"hea_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", key_text)
    key = keys.verify(database, tmp_path, key_text, now=NOW)
    assert key == created
    assert (key.user, key.scopes, key.is_admin) == ("alice", {"user"}, False)
    assert key_text.startswith(key.prefix)


def test_an_admin_key_says_so(database, tmp_path):
    key_text, _ = keys.create(database, tmp_path, "root", admin=True)
    key = keys.verify(database, tmp_path, key_text)
    assert key.is_admin
    assert key.scopes == {"user", "admin"}


def test_the_key_itself_is_not_kept(database, tmp_path):
    key_text, _ = keys.create(database, tmp_path, "alice")
    database.close()
    secret = key_text.split("_", 2)[2].encode()
    kept = [file.read_bytes() for file in tmp_path.iterdir()]
    assert kept
    assert not any(secret in content for content in kept)


def test_other_keys_do_not_open_the_door(database, tmp_path):
    key_text, created = keys.create(database, tmp_path, "alice")
    wrong = "A" if key_text[-1] != "A" else "B"
    for presented in (
        "",
        "hea_",
        key_text[:-1],
        key_text + "A",
        key_text[:-1] + wrong,
        key_text.upper(),
        f" {key_text}",
        f"{key_text}\n",
        f"hea_{created.id}_{'A' * 43}",
        f"hea_{'0' * 12}_{'A' * 43}",
        "hea_' OR 1=1 --",
        "\ud800",
        "x" * 1_000_000,
    ):
        assert keys.verify(database, tmp_path, presented) is None
    assert keys.verify(database, tmp_path, key_text) is not None


def test_a_key_of_another_installation_is_refused(database, tmp_path):
    key_text, _ = keys.create(database, tmp_path, "alice")
    elsewhere = tmp_path / "elsewhere"
    other = open_database(Settings(_env_file=None, data_dir=elsewhere))
    keys.create(other, elsewhere, "alice")
    assert keys.verify(database, elsewhere, key_text) is None
    other.close()


def test_a_revoked_key_is_refused_at_once(database, tmp_path):
    key_text, key = keys.create(database, tmp_path, "alice")
    assert keys.verify(database, tmp_path, key_text)
    keys.revoke(database, key.id, now=NOW)
    assert keys.verify(database, tmp_path, key_text) is None
    keys.revoke(database, key.id, now=NOW + timedelta(days=1))
    assert keys.list_keys(database)[0].revoked_at == NOW
    with pytest.raises(NotFound):
        keys.revoke(database, "no such key")


def test_a_key_is_refused_from_the_moment_it_expires(database, tmp_path):
    end = NOW + timedelta(hours=1)
    key_text, _ = keys.create(database, tmp_path, "alice", expires_at=end, now=NOW)
    just_before = end - timedelta(microseconds=1)
    assert keys.verify(database, tmp_path, key_text, now=just_before)
    assert keys.verify(database, tmp_path, key_text, now=end) is None


def test_rotation_replaces_a_key_by_one_with_the_same_rights(database, tmp_path):
    end = NOW + timedelta(days=90)
    old_text, old = keys.create(database, tmp_path, "root", admin=True, expires_at=end, now=NOW)
    new_text, new = keys.rotate(database, tmp_path, old.id, now=NOW)
    assert keys.verify(database, tmp_path, old_text, now=NOW) is None
    assert keys.verify(database, tmp_path, new_text, now=NOW)
    assert (new.user, new.scopes, new.expires_at) == (old.user, old.scopes, old.expires_at)
    with pytest.raises(BadInput):
        keys.rotate(database, tmp_path, old.id, now=NOW)
    with pytest.raises(NotFound):
        keys.rotate(database, tmp_path, "no such key")


def test_rotation_may_leave_the_old_key_valid_for_a_while(database, tmp_path):
    grace = timedelta(hours=12)
    old_text, old = keys.create(database, tmp_path, "alice", now=NOW)
    new_text, new = keys.rotate(database, tmp_path, old.id, grace=grace, now=NOW)
    just_before = NOW + grace - timedelta(microseconds=1)
    assert keys.verify(database, tmp_path, old_text, now=just_before)
    assert keys.verify(database, tmp_path, old_text, now=NOW + grace) is None
    assert keys.verify(database, tmp_path, new_text, now=NOW + grace)
    assert new.expires_at is None


def test_a_grace_does_not_lengthen_a_keys_life(database, tmp_path):
    end = NOW + timedelta(hours=1)
    old_text, old = keys.create(database, tmp_path, "alice", expires_at=end, now=NOW)
    keys.rotate(database, tmp_path, old.id, grace=timedelta(days=1), now=NOW)
    assert keys.verify(database, tmp_path, old_text, now=end) is None


@pytest.mark.parametrize("grace", [timedelta(days=31), timedelta(seconds=-1)])
def test_a_grace_out_of_range_rotates_nothing(database, tmp_path, grace):
    text, key = keys.create(database, tmp_path, "alice")
    with pytest.raises(BadInput, match="30 days"):
        keys.rotate(database, tmp_path, key.id, grace=grace)
    assert [each.id for each in keys.list_keys(database)] == [key.id]
    assert keys.verify(database, tmp_path, text)


def test_an_evaluation_key_is_neither_a_users_nor_an_admins(database, tmp_path):
    text, made = keys.create(database, tmp_path, "judge", evaluates=True)
    key = keys.verify(database, tmp_path, text)
    assert key.scopes == {"eval"}
    assert (key.only_evaluates, key.is_admin) == (True, False)
    _, successor = keys.rotate(database, tmp_path, made.id)
    assert successor.scopes == {"eval"}
    with pytest.raises(BadInput, match="not for both"):
        keys.create(database, tmp_path, "judge", admin=True, evaluates=True)


def test_an_expiry_in_the_past_is_refused(database, tmp_path):
    with pytest.raises(BadInput, match="has passed"):
        keys.create(database, tmp_path, "alice", expires_at=NOW, now=NOW)


def test_digests_are_compared_in_constant_time(database, tmp_path, monkeypatch):
    compared = []
    original = hmac.compare_digest

    def counted(one, other):
        compared.append(len(other))
        return original(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    _, key = keys.create(database, tmp_path, "alice")
    for presented in (f"hea_{key.id}_{'A' * 43}", f"hea_{'0' * 12}_{'A' * 43}", "nonsense"):
        keys.verify(database, tmp_path, presented)
    # As long a comparison for a key that does not exist as for one that does.
    assert compared == [64, 64, 64]


def test_a_pepper_that_others_may_read_is_made_private_again(database, tmp_path):
    key_text, _ = keys.create(database, tmp_path, "alice")
    (tmp_path / "pepper").chmod(0o644)
    assert keys.verify(database, tmp_path, key_text)
    assert stat.S_IMODE((tmp_path / "pepper").stat().st_mode) == 0o600


def test_a_lost_pepper_is_said_to_be_so_until_no_key_needs_it(database, tmp_path):
    key_text, key = keys.create(database, tmp_path, "alice")
    (tmp_path / "pepper").unlink()
    with pytest.raises(SetupError, match="restore it from a backup"):
        keys.verify(database, tmp_path, key_text)
    with pytest.raises(SetupError, match="restore it from a backup"):
        keys.create(database, tmp_path, "bob")
    keys.revoke(database, key.id)
    new, _ = keys.create(database, tmp_path, "bob")
    assert keys.verify(database, tmp_path, new)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("30m", NOW + timedelta(minutes=30)),
        ("12h", NOW + timedelta(hours=12)),
        ("90d", NOW + timedelta(days=90)),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_a_span_or_a_day(text, end):
    assert _end(text, NOW) == end


@pytest.mark.parametrize("text", ["", "0d", "1", "d", "1w", "-1d", "31.1.2027", "2027-02-30"])
def test_an_expiry_that_is_neither_is_refused(text):
    with pytest.raises(BadInput, match="is no time"):
        _end(text, NOW)


def test_the_door_stays_closed_once_a_key_was_created(database, tmp_path):
    assert not keys.any_keys(database)
    _, key = keys.create(database, tmp_path, "alice")
    assert keys.any_keys(database)
    keys.revoke(database, key.id)
    assert keys.any_keys(database)


def test_last_use_is_noted_to_the_minute(database, tmp_path):
    key_text, _ = keys.create(database, tmp_path, "alice", now=NOW)
    noted = []
    for seconds in (0, 30, 60):
        keys.verify(database, tmp_path, key_text, now=NOW + timedelta(seconds=seconds))
        noted.append(keys.list_keys(database)[0].last_used_at)
    assert noted == [NOW, NOW, NOW + timedelta(seconds=60)]


@pytest.mark.parametrize(
    "user", ["", " ", "a b", "a/b", "_a", "a" * 65, "a\n", "é", "local", "Local"]
)
def test_an_unusable_user_name_is_refused(database, tmp_path, user):
    with pytest.raises(BadInput, match="user name"):
        keys.create(database, tmp_path, user)
    assert not keys.any_keys(database)


def test_an_expiry_without_a_time_zone_is_refused(database, tmp_path):
    with pytest.raises(BadInput, match="time zone"):
        keys.create(database, tmp_path, "alice", expires_at=datetime(2027, 1, 1))


def test_the_pepper_is_private_and_made_once(database, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.create(database, tmp_path, "alice"), range(8)))
    assert stat.S_IMODE((tmp_path / "pepper").stat().st_mode) == 0o600
    assert all(keys.verify(database, tmp_path, key_text) for key_text, _ in made)
    assert not list(tmp_path.glob(".pepper-*"))


def test_a_damaged_pepper_is_said_to_be_so(database, tmp_path):
    key_text, _ = keys.create(database, tmp_path, "alice")
    (tmp_path / "pepper").write_bytes(b"short")
    with pytest.raises(SetupError, match="is damaged"):
        keys.verify(database, tmp_path, key_text)
