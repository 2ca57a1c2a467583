"""The two steps every question needs, without a supervisor: retrieve, then generate."""

from langgraph.graph import END, START, StateGraph

from agents.context import Context
from agents.models import RETRY
from agents.retriever import retriever
from agents.state import InputState, OutputState, State
from agents.summarizer import WRITE_SECONDS, quoted_instead, summarizer
from graphs.one_turn import one_turn


def build_graph() -> StateGraph[State, Context, InputState, OutputState]:
    """Wire the same agents in a straight line."""
    builder = StateGraph(
        State, context_schema=Context, input_schema=InputState, output_schema=OutputState
    )
    builder.add_node("retrieve", retriever)
    builder.add_node(
        "generate",
        summarizer,
        timeout=WRITE_SECONDS,
        retry_policy=RETRY,
        error_handler=quoted_instead,
    )
    builder.add_edge(START, "retrieve")
    builder.add_edge("retrieve", "generate")
    builder.add_edge("generate", END)
    return builder


graph = one_turn(build_graph().compile(name="rag"))
