"""The two steps every question needs, without a supervisor: retrieve, then generate."""

from langgraph.graph import END, START, StateGraph

from agents.context import Context
from agents.retriever import retriever
from agents.state import InputState, OutputState, State
from agents.summarizer import summarizer


def build_graph() -> StateGraph[State, Context, InputState, OutputState]:
    """Wire the same agents in a straight line."""
    builder = StateGraph(
        State, context_schema=Context, input_schema=InputState, output_schema=OutputState
    )
    builder.add_node("retrieve", retriever)
    builder.add_node("generate", summarizer)
    builder.add_edge(START, "retrieve")
    builder.add_edge("retrieve", "generate")
    builder.add_edge("generate", END)
    return builder


graph = build_graph().compile(name="rag")
