"""A structured embedding for number tokens, so that arithmetic need not be learnt token by token."""

import math
import re

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

PERIODS = (2, 3, 4, 5, 7, 9, 10, 20, 25, 50, 100, 200, 500, 1000, 2000)
WIDTH = 30 + 2 * len(PERIODS) + 2
_NUMBER = re.compile("Ġ?([0-9]{1,3})")


def features_of(number: int) -> list[float]:
    digits = [0.0] * 30
    for place, digit in enumerate((number // 100, number // 10 % 10, number % 10)):
        digits[10 * place + digit] = 1.0
    angles = [2 * math.pi * number / period for period in PERIODS]
    waves = [wave(angle) for angle in angles for wave in (math.cos, math.sin)]
    return [*digits, *waves, number / 1000, math.log1p(number) / 7]


def number_features(tokenizer: Tokenizer, vocabulary: int) -> Tensor:
    """[vocabulary, WIDTH]: the features of number tokens, zeros for all others."""
    features = torch.zeros(vocabulary, WIDTH)
    for token, id in tokenizer.get_vocab().items():
        if match := _NUMBER.fullmatch(token):
            features[id] = torch.tensor(features_of(int(match[1])))
    return features


class NumberEmbedding(nn.Module):
    """Embedding matrix W = free + features @ projection, used at both ends of the model."""

    def __init__(self, features: Tensor, width: int):
        super().__init__()
        vocabulary, kinds = features.shape
        self.register_buffer("features", features)
        self.free = nn.Parameter(torch.randn(vocabulary, width) * 0.02)
        self.projection = nn.Parameter(torch.randn(kinds, width) * 0.01)

    def matrix(self) -> Tensor:
        """[vocabulary, width]"""
        return self.free + self.features @ self.projection
