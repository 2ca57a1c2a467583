"""How a session's messages are merged, and that replaying them in one batch changes nothing."""

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from agents.state import merge_messages

WRITES: list[list[AnyMessage]] = [
    [HumanMessage("q1", id="1")],
    [AIMessage("a1", id="2")],
    [HumanMessage("q2", id="3"), AIMessage("draft", id="4")],
    [AIMessage("a2", id="4")],
    [RemoveMessage(id="1")],
    [HumanMessage("q1 again", id="1")],
]


def one_by_one(writes: list[list[AnyMessage]]) -> list[AnyMessage]:
    merged: list[AnyMessage] = []
    for write in writes:
        merged = merge_messages(merged, [write])
    return merged


def test_a_message_with_a_known_id_takes_the_old_one_s_place() -> None:
    merged = merge_messages([], WRITES[:4])
    assert [message.text for message in merged] == ["q1", "a1", "q2", "a2"]


def test_replaying_writes_in_one_batch_gives_the_same_messages() -> None:
    for size in range(len(WRITES) + 1):
        batch = merge_messages(merge_messages([], WRITES[:size]), WRITES[size:])
        assert [(m.id, m.text) for m in batch] == [(m.id, m.text) for m in one_by_one(WRITES)]


def test_all_messages_can_be_removed_in_a_batch() -> None:
    writes = [*WRITES[:3], [RemoveMessage(id=REMOVE_ALL_MESSAGES)], [HumanMessage("new", id="9")]]
    assert [message.text for message in merge_messages([], writes)] == ["new"]


def test_a_message_may_come_as_a_dictionary_or_a_text() -> None:
    merged = merge_messages([], [{"role": "user", "content": "a"}, "b"])
    assert [(message.type, message.text) for message in merged] == [("human", "a"), ("human", "b")]
