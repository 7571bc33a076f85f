"""Agents: LLM loops over the registered tools. Nothing here yet; the room exists so that the import rules hold."""
