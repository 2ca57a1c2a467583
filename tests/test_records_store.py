import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from home_energy.database import open_database
from home_energy.errors import BadInput, NotFound
from home_energy.records.store import RecordStore
from home_energy.settings import Settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def records(tmp_path):
    database = open_database(Settings(_env_file=None, data_dir=tmp_path))
    yield RecordStore(database)
    database.close()


def save(records, *texts, owner="alice", kind="tip"):
    return [
        records.save(
            owner,
            kind=kind,
            text=text,
            idempotency_key=f"{kind} {text}",
            now=NOW + timedelta(minutes=number),
        )[0]
        for number, text in enumerate(texts)
    ]


def texts(found):
    return [record.text for record in found]


def test_a_record_comes_back_as_it_was_kept(records):
    data = {"saving": {"value": 41.5, "unit": "£/year"}, "done": False}
    kept, created = records.save(
        "alice",
        kind="task",
        text="Draught-proof the door",
        idempotency_key="k",
        session_id="s",
        data=data,
        now=NOW,
    )
    assert created
    assert records.get("alice", kept.record_id) == kept
    assert (kept.kind, kept.session_id, kept.version) == ("task", "s", 1)
    assert (kept.data, kept.created_at, kept.updated_at) == (data, NOW, NOW)


def test_the_same_key_keeps_one_record(records):
    first, created = records.save("alice", kind="tip", text="one", idempotency_key="k")
    again, created_again = records.save("alice", kind="tip", text="two", idempotency_key="k")
    assert (created, created_again) == (True, False)
    assert again == first
    assert texts(records.list("alice")) == ["one"]


def test_a_key_is_its_owners_own(records):
    for owner in ("alice", "bob"):
        _, created = records.save(owner, kind="tip", text=owner, idempotency_key="k")
        assert created
    assert texts(records.list("bob")) == ["bob"]


def test_many_at_once_with_one_key_keep_one_record(records):
    def once(_):
        return records.save("alice", kind="tip", text="one", idempotency_key="k")

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(once, range(40)))
    assert sum(created for _, created in results) == 1
    assert len({record.record_id for record, _ in results}) == 1


def test_records_are_listed_newest_first_by_kind_and_in_pages(records):
    save(records, *"abcde")
    save(records, "s", kind="summary")
    assert texts(records.list("alice", kind="tip")) == list("edcba")
    assert texts(records.list("alice", kind="summary")) == ["s"]
    pages, before = [], None
    while page := records.list("alice", kind="tip", limit=2, before=before):
        pages.append(texts(page))
        before = page[-1].record_id
    assert pages == [["e", "d"], ["c", "b"], ["a"]]


def test_records_of_one_instant_are_all_paged_once(records):
    for number in range(7):
        records.save("alice", kind="tip", text=str(number), idempotency_key=str(number), now=NOW)
    seen, before = [], None
    while page := records.list("alice", limit=3, before=before):
        seen += texts(page)
        before = page[-1].record_id
    assert sorted(seen) == list("0123456")


def test_paging_goes_on_after_the_last_seen_record_is_deleted(records):
    save(records, *"abc")
    [last] = records.list("alice", limit=1)
    records.delete("alice", [last.record_id])
    assert texts(records.list("alice", before=last.record_id)) == ["b", "a"]


def test_records_are_found_by_words_in_any_case_and_order(records):
    save(records, "Insulate the LOFT first", "Loft hatch", "Öl im Kessel", "Straße dämmen")
    assert texts(records.find("alice", "loft")) == ["Loft hatch", "Insulate the LOFT first"]
    assert texts(records.find("alice", "the lofts insulated")) == ["Insulate the LOFT first"]
    assert texts(records.find("alice", "ÖL")) == ["Öl im Kessel"]
    assert texts(records.find("alice", "STRASSE")) == ["Straße dämmen"]
    assert texts(records.find("alice", "loft", kind="summary")) == []


@pytest.mark.parametrize("sign", ["%", "_", "!", "!%", "'", '"', "\\", "*", ":owner"])
def test_signs_are_no_wildcards(records, sign):
    save(records, f"save 20{sign} now", "save 30 now")
    assert texts(records.find("alice", f"20{sign}")) == [f"save 20{sign} now"]
    assert texts(records.find("alice", f"2{sign}")) == []


def test_whole_words_are_found_and_those_that_mean_the_same_only_without_them(records):
    save(records, "Insulate the loft", "Boiled eggs", "LED bulbs in the loft", "Fit a lamp")
    assert texts(records.find("alice", "led")) == ["LED bulbs in the loft"]
    assert texts(records.find("alice", "insulation")) == ["Insulate the loft"]
    assert texts(records.find("alice", "lamps")) == ["Fit a lamp"]
    assert texts(records.find("alice", "the")) == []


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_text_is_refused(records, blank):
    with pytest.raises(BadInput, match="needs some text"):
        records.save("alice", kind="tip", text=blank, idempotency_key="k")
    assert records.list("alice") == []


def test_a_text_that_is_kept_is_not_kept_twice_unless_it_was_deleted(records):
    def keep(key, owner="alice", session="s", kind="summary"):
        return records.save(
            owner,
            kind=kind,
            text="one",
            idempotency_key=key,
            session_id=session,
            unless_kept=True,
        )

    first, _ = keep("run 1")
    assert keep("run 2") == (first, False)
    others = [keep("3", owner="bob"), keep("4", session="other"), keep("5", kind="tip")]
    assert all(created for _, created in others)
    records.delete("alice", [first.record_id])
    assert keep("run 1")[0].deleted_at is not None
    again, created = keep("run 6")
    assert created
    assert records.get("alice", again.record_id).text == "one"


def test_deleted_records_keep_their_id_and_nothing_else(records, tmp_path):
    keep, drop = save(records, "keep me", "canary-8123")
    assert records.delete("alice", [drop.record_id, drop.record_id, "no such id"]) == 1
    assert records.delete("alice", [drop.record_id]) == 0
    assert records.delete("alice", []) == 0
    assert texts(records.list("alice")) == ["keep me"]
    assert texts(records.find("alice", "canary")) == []
    with pytest.raises(NotFound):
        records.get("alice", drop.record_id)
    records._database.close()
    assert not any(b"canary-8123" in file.read_bytes() for file in tmp_path.glob("*.sqlite"))
    assert records.get("alice", keep.record_id).version == 1


def test_a_repeated_save_does_not_revive_a_deleted_record(records):
    kept, _ = records.save("alice", kind="tip", text="one", idempotency_key="k")
    records.delete("alice", [kept.record_id], now=NOW)
    again, created = records.save("alice", kind="tip", text="one", idempotency_key="k")
    assert not created
    assert (again.record_id, again.text, again.deleted_at) == (kept.record_id, "", NOW)
    assert again.version == 2
    assert texts(records.list("alice")) == []


def test_another_owners_records_are_as_good_as_missing(records):
    [mine] = save(records, "alice's loft")
    assert records.list("mallory") == []
    assert records.find("mallory", "loft") == []
    assert records.delete("mallory", [mine.record_id]) == 0
    with pytest.raises(NotFound):
        records.get("mallory", mine.record_id)
    with pytest.raises(NotFound):
        records.list("mallory", before=mine.record_id)
    assert texts(records.list("alice")) == ["alice's loft"]


@pytest.mark.slow
def test_ten_thousand_records_are_listed_and_found_quickly(records):
    rows = [
        {"id": f"r{number:05}", "text": f"tip {number} on loft insulation and draughts " * 3}
        for number in range(10_000)
    ]
    with records._database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO records VALUES (:id, 'alice', NULL, 'tip', :text, :text, NULL, :id, "
                "1, '2026-11-22', '2026-11-22', NULL)"
            ),
            rows,
        )

    def seconds(work):
        taken = []
        for _ in range(20):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
        return sorted(taken)[18]

    assert seconds(lambda: records.list("alice", limit=50)) < 0.1
    assert seconds(lambda: records.find("alice", "9999 loft")) < 0.1
