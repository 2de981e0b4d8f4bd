#!/usr/bin/env python3
"""Writes random programs of Hogwild!, Group Think, Multiverse and ParaThinker with the logits that each token must have.

usage: generate_view_fixtures.py [folder]        (default: the folder of this script, which has the other checkpoints)

The logits come from one dense computation per program in f64, written from the papers' formulas and sharing no code
with Transformers' models: for every pair of tokens it is said whether one sees the other (an explicit mask) and at
which position (explicit rotations), and nothing is cached. What is tested computes the same step by step.

  views/<system>-<checkpoint>.json   programs; tokens are given, nothing is drawn
  views/<system>-<checkpoint>.f32    logits of all tokens that are fed, in the order of the program, [rows, vocabulary]
  thoughts-f32/                      a Qwen 2 checkpoint with thought embeddings, as ParaThinker's code names them

Deterministic. Written with torch 2.13, transformers 5.23 and safetensors 0.8.
"""
import json
import math
import os
import random
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen2Config, Qwen2ForCausalLM

CHECKPOINTS = {"grouped-f32": 4, "qwen3-biased-f32": 14}  # programs of each system
THOUGHTS = 8


class Dense:
    """A Llama, Qwen 2 or Qwen 3 in f64, over tokens that each say what they see and where."""

    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as handle:
            c = json.load(handle)
        self.weights = {name: tensor.double() for name, tensor in
                        load_file(os.path.join(folder, "model.safetensors")).items()}
        self.heads, self.kv_heads, self.layers = c["num_attention_heads"], c["num_key_value_heads"], c["num_hidden_layers"]
        self.width = c.get("head_dim") or c["hidden_size"] // self.heads
        self.epsilon, self.vocabulary = c["rms_norm_eps"], c["vocab_size"]
        theta = c.get("rope_theta") or c["rope_parameters"]["rope_theta"]
        assert (c.get("rope_parameters") or {}).get("rope_type", "default") == "default"
        self.frequencies = theta ** (-torch.arange(0, self.width, 2, dtype=torch.float64) / self.width)

    def norm(self, x, name):
        return x / (x.pow(2).mean(-1, keepdim=True) + self.epsilon).sqrt() * self.weights[name]

    def project(self, x, name):
        y = x @ self.weights[name + ".weight"].T
        return y + self.weights[name + ".bias"] if name + ".bias" in self.weights else y

    def rotate(self, x, positions):
        """R(position) x with the pairs (i, i + d/2). x: [..., heads, d], positions: [...]."""
        angles = positions[..., None, None].double() * self.frequencies
        a, b = x.chunk(2, -1)
        return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)

    def logits(self, rows):
        """rows: (token, query position, {row seen: position where it is seen}, thought). Returns [rows, vocabulary]."""
        count = len(rows)
        mask = torch.full((count, count), -math.inf, dtype=torch.float64)
        seen_at = torch.zeros(count, count, dtype=torch.int64)
        for i, (_, _, seen, _) in enumerate(rows):
            for j, position in seen.items():
                mask[i, j], seen_at[i, j] = 0, position
        query_at = torch.tensor([row[1] for row in rows])
        thoughts = torch.tensor([row[3] for row in rows])
        x = self.weights["model.embed_tokens.weight"][torch.tensor([row[0] for row in rows])]
        for layer in range(self.layers):
            name = f"model.layers.{layer}."
            normed = self.norm(x, name + "input_layernorm.weight")
            q = self.project(normed, name + "self_attn.q_proj").view(count, self.heads, self.width)
            k = self.project(normed, name + "self_attn.k_proj").view(count, self.kv_heads, self.width)
            v = self.project(normed, name + "self_attn.v_proj").view(count, self.kv_heads, self.width)
            if name + "self_attn.q_norm.weight" in self.weights:
                q, k = self.norm(q, name + "self_attn.q_norm.weight"), self.norm(k, name + "self_attn.k_norm.weight")
            if name + "self_attn.seg_embeddings.weight" in self.weights:
                added = self.weights[name + "self_attn.seg_embeddings.weight"][thoughts][:, None]
                k, v = k + added, v + added
            q = self.rotate(q, query_at)
            turned = self.rotate(k[None].expand(count, -1, -1, -1), seen_at)  # [i, j, kv head, d]: j as i sees it
            group = self.heads // self.kv_heads
            turned, values = turned.repeat_interleave(group, 2), v.repeat_interleave(group, 1)
            scores = torch.einsum("ihd,ijhd->hij", q, turned) / math.sqrt(self.width) + mask
            attended = torch.einsum("hij,jhd->ihd", scores.softmax(-1), values).reshape(count, -1)
            x = x + self.project(attended, name + "self_attn.o_proj")
            normed = self.norm(x, name + "post_attention_layernorm.weight")
            gate = normed @ self.weights[name + "mlp.gate_proj.weight"].T
            up = normed @ self.weights[name + "mlp.up_proj.weight"].T
            x = x + (gate * torch.sigmoid(gate) * up) @ self.weights[name + "mlp.down_proj.weight"].T
        head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])
        return self.norm(x, "model.norm.weight") @ head.T


def check(folder, model):
    """This forward pass is the one that Transformers does, where both can: on a plain sequence."""
    with open(os.path.join(folder, "expected.json")) as handle:
        rows = Rows()
        rows.plain(json.load(handle)["ids"])
    with open(os.path.join(folder, "plain.f32"), "rb") as handle:
        expected = torch.frombuffer(bytearray(handle.read()), dtype=torch.float32).view(-1, model.vocabulary)
    difference = (model.logits(rows.rows) - expected).abs().max() / expected.std()
    assert difference < 1e-5, f"{folder}: {difference} of a standard deviation from Transformers"


class Rows:
    """The tokens of a program; `fed` are those whose logits are compared."""

    def __init__(self):
        self.rows, self.fed = [], []

    def add(self, token, position, seen, thought=0):
        self.rows.append((token, position, seen, thought))
        return len(self.rows) - 1

    def plain(self, tokens):
        """A text by itself, from position 0 on. Returns its rows."""
        first = len(self.rows)
        for index, token in enumerate(tokens):
            self.add(token, index, {first + earlier: earlier for earlier in range(index + 1)})
        return list(range(first, first + len(tokens)))


def tokens(draw, vocabulary, least, most):
    return [draw.randrange(vocabulary) for _ in range(draw.randint(least, most))]


def rounds(draw, vocabulary, members, count, publishes):
    """What members are given, pass by pass, and who publishes then."""
    for number in range(count):
        some = range(members) if number == 0 or draw.random() < 0.8 else sorted(
            draw.sample(range(members), draw.randint(1, members)))
        feed = [[member, tokens(draw, vocabulary, 1, 6 if number == 0 or draw.random() < 0.2 else 1)] for member in some]
        yield {"feed": feed, "publish": [m for m in range(members) if publishes and draw.random() < 0.25]}


def hogwild(draw, vocabulary):
    """Views of consecutive positions: methods as in arXiv 2504.06261, combined, contiguous and interleaved."""
    members = draw.randint(2, 4)
    text = lambda: {"text": tokens(draw, vocabulary, 1, 5)}
    parts = draw.choice([[text(), {"others": True}, text()], [{"others": True}, text()], [text()], [{"others": True}], []])
    prompt = tokens(draw, vocabulary, 1, 20)
    program = {"members": members, "parts": parts, "prompt": prompt,
               "rounds": list(rounds(draw, vocabulary, members, draw.randint(5, 9), True))}
    rows = Rows()
    common = rows.plain(prompt)
    texts = [rows.plain(part["text"]) if "text" in part else None for part in parts]
    own = [[] for _ in range(members)]
    for step in program["rounds"]:
        new = [(member, [rows.add(token, None, None) for token in ids]) for member, ids in step["feed"]]
        for member, added in new:  # all new keys are there before anybody attends
            own[member] += added
        for member, added in new:
            before = list(common)
            for part, text_rows in zip(parts, texts):
                before += text_rows if text_rows is not None else [r for m in range(members) if m != member for r in own[m]]
            for row in added:
                view = before + own[member][:own[member].index(row) + 1]
                rows.rows[row] = (rows.rows[row][0], len(view) - 1, {r: place for place, r in enumerate(view)}, 0)
            rows.fed += added
        for member in step["publish"]:
            common, own[member] = common + own[member], []
    return program, rows


def groupthink(draw, vocabulary):
    """Slots: token k of thinker n stands at prompt + n * length + k and sees what was there at its step."""
    members, prompt = draw.randint(2, 4), tokens(draw, vocabulary, 1, 20)
    steps = list(rounds(draw, vocabulary, members, draw.randint(5, 9), False))
    fed = [sum(len(ids) for step in steps for m, ids in step["feed"] if m == member) for member in range(members)]
    length = max(fed) + draw.choice([0, 0, 5])  # slots that end full, or not
    program = {"members": members, "length": length, "prompt": prompt, "rounds": steps}
    rows = Rows()
    position = dict(enumerate(range(len(prompt))))
    rows.plain(prompt)
    own = [[] for _ in range(members)]
    for step in program["rounds"]:
        new = [(member, [rows.add(token, None, None) for token in ids]) for member, ids in step["feed"]]
        for member, added in new:
            for row in added:
                position[row] = len(prompt) + member * length + len(own[member])
                own[member].append(row)
        for member, added in new:
            for row in added:
                seen = list(range(len(prompt))) + [r for m in range(members) if m != member for r in own[m]]
                seen += own[member][:own[member].index(row) + 1]
                rows.rows[row] = (rows.rows[row][0], position[row], {r: position[r] for r in seen}, 0)
            rows.fed += added
    return program, rows


class Tree:
    """Contexts that fork and stitch: `seen` are the rows in view, `next` is the next position."""

    def __init__(self, draw, vocabulary):
        self.draw, self.vocabulary, self.rows, self.position = draw, vocabulary, Rows(), {}
        self.operations, self.contexts = [], [([], 0, 0)]

    def extend(self, context, least, most):
        ids = tokens(self.draw, self.vocabulary, least, most)
        seen, position, thought = self.contexts[context]
        for token in ids:
            row = self.rows.add(token, position, None, thought)
            self.position[row] = position
            seen = seen + [row]
            self.rows.rows[row] = (token, position, {r: self.position[r] for r in seen}, thought)
            self.rows.fed.append(row)
            position += 1
        self.contexts[context] = (seen, position, thought)
        self.operations.append({"extend": context, "tokens": ids})

    def fork(self, context, count, numbered):
        threads = list(range(len(self.contexts), len(self.contexts) + count))
        seen, position, thought = self.contexts[context]
        self.contexts += [(seen, position, index + 1 if numbered else thought) for index in range(count)]
        self.operations.append({"fork": context, "threads": threads, "numbered": numbered})
        return threads

    def stitch(self, context, threads):
        seen, position, thought = self.contexts[context]
        shared = len(seen)
        for thread in threads:
            seen = seen + self.contexts[thread][0][shared:]
            position = max(position, self.contexts[thread][1])
        self.contexts[context] = (seen, position, thought)
        self.operations.append({"stitch": context, "threads": threads})

    def reason(self, context, depth):
        """A Multiverse block: goal, paths that may hold blocks, conclusion."""
        self.extend(context, 1, 4)
        threads = self.fork(context, self.draw.randint(1, 3), False)
        for thread in threads:
            self.extend(thread, 1, 7)
            if depth > 1 and self.draw.random() < 0.6:
                self.reason(thread, depth - 1)
        self.stitch(context, threads)
        self.extend(context, 1, 4)


def multiverse(draw, vocabulary):
    """Stitched joins to depth 3; positions of paths overlap, a conclusion follows the longest (arXiv 2506.09991)."""
    tree = Tree(draw, vocabulary)
    tree.extend(0, 1, 18)
    tree.reason(0, 3)
    return {"operations": tree.operations}, tree.rows


def parathinker(draw, vocabulary):
    """Numbered paths from one position, then a summary that sees them all (arXiv 2509.04475)."""
    tree = Tree(draw, vocabulary)
    tree.extend(0, 1, 18)
    threads = tree.fork(0, draw.randint(1, THOUGHTS), True)
    for _ in range(2):
        for thread in draw.sample(threads, len(threads)):
            tree.extend(thread, 1, 5)
    tree.stitch(0, draw.sample(threads, len(threads)))
    tree.extend(0, 1, 6)
    return {"operations": tree.operations}, tree.rows


def thought_checkpoint(folder):
    torch.manual_seed(21)
    model = Qwen2ForCausalLM(Qwen2Config(
        vocab_size=47, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-6, max_position_embeddings=256,
        initializer_range=0.25, bos_token_id=0, eos_token_id=1, pad_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    file = os.path.join(folder, "model.safetensors")
    tensors = load_file(file)
    for layer in range(2):
        tensors[f"model.layers.{layer}.self_attn.seg_embeddings.weight"] = 0.5 * torch.randn(THOUGHTS + 1, 6)
    save_file(tensors, file, metadata={"format": "pt"})


def main(folder):
    thought_checkpoint(os.path.join(folder, "thoughts-f32"))
    os.makedirs(os.path.join(folder, "views"), exist_ok=True)
    systems = [(hogwild, CHECKPOINTS), (groupthink, CHECKPOINTS), (multiverse, CHECKPOINTS), (parathinker, {"thoughts-f32": 16})]
    for system, checkpoints in systems:
        for checkpoint, count in checkpoints.items():
            model, draw = Dense(os.path.join(folder, checkpoint)), random.Random(f"{system.__name__} {checkpoint}")
            if checkpoint in CHECKPOINTS:
                check(os.path.join(folder, checkpoint), model)
            programs, logits = [], []
            for _ in range(count):
                program, rows = system(draw, model.vocabulary)
                programs.append({**program, "rows": len(rows.fed)})
                logits.append(model.logits(rows.rows)[rows.fed])
            name = os.path.join(folder, "views", f"{system.__name__}-{checkpoint}")
            with open(name + ".json", "w") as handle:
                json.dump(programs, handle, separators=(",", ":"))
            torch.cat(logits).numpy().astype("<f4").tofile(name + ".f32")
            print(name, sum(len(part) for part in logits), "rows")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
