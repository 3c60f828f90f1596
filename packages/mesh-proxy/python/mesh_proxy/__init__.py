"""Agent, redirect and the binding of the engine."""
