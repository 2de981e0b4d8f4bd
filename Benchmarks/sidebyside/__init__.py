"""Braid and llama.cpp side by side: the cases, the drivers, the targets and the report of `run-peers`."""
