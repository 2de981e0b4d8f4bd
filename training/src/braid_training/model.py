"""A plain Llama over packed rows: explicit positions and mask, logits only where asked for."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from braid_training.number_features import NumberEmbedding

NORM_EPSILON = 1e-5
ROPE_THETA = 10_000.0
MASKED = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    ffn: int = 704

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class Norm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, NORM_EPSILON)


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.heads, self.head_width = shape.heads, shape.head_width
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        rows, length, width = x.shape
        q, k, v = self.qkv(x).view(rows, length, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        # Written out: under torch.compile on a CPU this beats the fused attention's backward pass.
        scores = (q * self.head_width**-0.5) @ k.transpose(-1, -2) + mask
        mixed = scores.float().softmax(-1).to(v.dtype) @ v
        return self.out(mixed.transpose(1, 2).reshape(rows, length, width))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.gate_up = nn.Linear(shape.width, 2 * shape.ffn, bias=False)
        self.down = nn.Linear(shape.ffn, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, -1)
        return self.down(F.silu(gate) * up)


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.attention_norm = Norm(shape.width)
        self.attention = Attention(shape)
        self.feed_forward_norm = Norm(shape.width)
        self.feed_forward = FeedForward(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin, mask)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Llama(nn.Module):
    def __init__(self, shape: Shape, features: Tensor):
        """`features` [vocabulary, F] describe number tokens; F = 0 makes the embedding a plain one."""
        super().__init__()
        self.shape = shape
        self.embedding = NumberEmbedding(features, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)
        for matrix in self.block_matrices():
            nn.init.normal_(matrix, std=matrix.shape[1] ** -0.5)
        for block in self.blocks:
            for branch_end in (block.attention.out, block.feed_forward.down):
                branch_end.weight.data /= math.sqrt(2 * shape.layers)

    def block_matrices(self) -> list[nn.Parameter]:
        return [parameter for parameter in self.blocks.parameters() if parameter.dim() == 2]

    def forward(self, ids: Tensor, positions: Tensor, spans: Tensor, sources: Tensor) -> Tensor:
        """Logits [N, vocabulary] at `sources` [N] (into the B*T tokens); ids, positions [B, T], spans [B, T, 3]."""
        matrix = self.embedding.matrix()
        x = F.embedding(ids, matrix)
        cos, sin = rotation(positions, self.shape.head_width)
        mask = visibility_mask(spans)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return F.linear(self.norm(x.flatten(0, 1)[sources]), matrix)


def visibility_mask(spans: Tensor) -> Tensor:
    """[B, T, 3] -> additive mask [B, 1, T, T]: token i sees j when j <= i < spans(j, 0) or spans(j, 1) <= i < spans(j, 2)."""
    index = torch.arange(spans.shape[1], device=spans.device)
    end, again, until = spans[:, None].unbind(-1)
    token = index[:, None]
    seen = ((index <= token) & (token < end)) | ((again <= token) & (token < until))
    mask = torch.zeros(seen.shape, dtype=torch.bfloat16, device=spans.device)
    return mask.masked_fill(~seen, MASKED)[:, None]


def rotation(positions: Tensor, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine [B, 1, T, head_width] of the rotary embedding."""
    exponents = torch.arange(0, head_width, 2, device=positions.device) / head_width
    angles = positions[:, None, :, None] * (1.0 / ROPE_THETA**exponents)
    angles = torch.cat((angles, angles), -1)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding, pairing dimension i with i + head_width / 2."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin
