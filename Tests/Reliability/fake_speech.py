"""How engines of each kind write tokens."""

import fake_script


class Speech:
    """What one kind of engine writes of tokens and their end."""

    def __init__(self, kind, model, generation, shift):
        self.kind, self.model, self.generation = kind, model, generation
        self.ids, self.text = [], ""

    def token(self, id, piece, stop):
        self.ids.append(id)
        self.text += piece
        if self.kind == "sglang":
            return self.sglang({"type": "stop", "matched": stop} if stop is not None else None)
        if self.kind == "llama-server":
            # Control tokens have no text there.
            shown = "" if piece in fake_script.TAGS else piece
            return {"index": 0, "content": shown, "tokens": [id], "stop": False, "tokens_predicted": len(self.ids),
                    "tokens_evaluated": self.generation.prompt_tokens}
        choice = {"index": 0, "text": piece, "logprobs": None, "finish_reason": None if stop is None else "stop"}
        if self.kind == "vllm":
            choice |= {"token_ids": [id], "stop_reason": stop}
        return {**self.head(), "choices": [choice]}

    def end(self, reason, usage):
        words = {None: "stop", "length": "length", "abort": "abort", "mystery": "mystery"}
        if self.kind == "sglang":
            if isinstance(reason, int):
                return []
            return [self.sglang({"type": words[reason], "matched": None})]
        if self.kind == "llama-server":
            kind = {None: "eos", "length": "limit"}.get(reason, "mystery")
            return [{"index": 0, "content": "", "tokens": [], "stop": True, "stop_type": kind, "stopping_word": "",
                     "tokens_predicted": len(self.ids), "tokens_evaluated": self.generation.prompt_tokens,
                     "timings": {"cache_n": 0}}]
        if self.kind == "chat":
            return [{**self.head(), "choices": [{"index": 0, "delta": {}, "finish_reason": words[reason]}]}]
        events = []
        if not isinstance(reason, int):
            choice = {"index": 0, "text": "", "finish_reason": words[reason], "stop_reason": None}
            events.append({**self.head(), "choices": [choice]})
        if usage:
            counts = {"prompt_tokens": self.generation.prompt_tokens, "completion_tokens": len(self.ids),
                      "total_tokens": self.generation.prompt_tokens + len(self.ids)}
            events.append({**self.head(), "choices": [], "usage": counts})
        return events

    def head(self):
        return {"id": "cmpl-fake", "object": "text_completion", "created": 1, "model": self.model}

    def sglang(self, reason):
        """Every event repeats everything before it."""
        meta = {"id": "fake", "finish_reason": reason, "prompt_tokens": self.generation.prompt_tokens,
                "completion_tokens": len(self.ids), "cached_tokens": 0}
        return {"text": self.text, "output_ids": self.ids, "meta_info": meta}
