"""Trains Braid's built-in models: tokenizer, packed fork-join rows, a small Llama, and its export."""
