"""The supervisor graph: a plan, and the agents that carry it out one after another."""

from langgraph.graph import START, StateGraph

from agents.context import Context
from agents.models import RETRY
from agents.records import records
from agents.retriever import retriever
from agents.state import InputState, OutputState, State
from agents.summarizer import WRITE_SECONDS, quoted_instead, summarizer
from agents.supervisor import next_agent, supervisor
from graphs.one_turn import one_turn


def build_graph() -> StateGraph[State, Context, InputState, OutputState]:
    """Wire the agents; the server, or a test, compiles it with its own checkpointer."""
    builder = StateGraph(
        State, context_schema=Context, input_schema=InputState, output_schema=OutputState
    )
    builder.add_node(supervisor)
    builder.add_node(retriever)
    builder.add_node(
        summarizer,
        timeout=WRITE_SECONDS,
        retry_policy=RETRY,
        error_handler=quoted_instead,
    )
    builder.add_node(records)
    builder.add_edge(START, "supervisor")
    builder.add_conditional_edges("supervisor", next_agent)
    builder.add_edge("retriever", "supervisor")
    builder.add_edge("summarizer", "supervisor")
    builder.add_edge("records", "supervisor")
    return builder


graph = one_turn(build_graph().compile(name="assistant"))
