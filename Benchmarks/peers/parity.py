#!/usr/bin/env python3
"""Compares Braid's log-probabilities with llama.cpp's, and with Hugging Face Transformers' where torch is installed.

    parity.py --braid-binary FILE [--weights f32] [--sequences 8] [--length 48] [MODEL ...]

Teacher-forced: every engine is given the same token ids and says how likely each was after those before it, and which was
the likeliest. A log-probability takes part in the sum over the whole vocabulary, so a wrong logit anywhere shows. Texts
are not compared: with random weights two logits can be closer than two engines' roundings. Both engines read the same
GGUF file where Braid can; Transformers reads the f32 folder that the file was made of. llama.cpp keeps keys and values in
f32 here, so that what remains is the arithmetic.

Ends with code 1 when Braid's f32 log-probabilities differ from a peer's by more than 0.001 anywhere.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sidebyside.drivers import Contestant, DriverError, start_braid, start_llamacpp  # noqa: E402
from sidebyside.models import BITS, TITLES, Model  # noqa: E402

F32_LIMIT = 1e-3


@dataclass(frozen=True)
class Scores:
    """What one engine said about all sequences."""

    log_probabilities: list[float]
    likeliest: list[int]


def of_driver(driver: Contestant, sequences: list[list[int]]) -> Scores:
    try:
        runs = [driver.run("score ids=" + ",".join(map(str, ids))) for ids in sequences]
    finally:
        driver.close()
    return Scores(
        [value for run in runs for value in run["log_probabilities"]],
        [token for run in runs for token in run["likeliest"]])


def of_transformers(folder: Path, sequences: list[list[int]]) -> Scores | None:
    """None when torch or Transformers is not installed."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError:
        return None
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    log_probabilities: list[float] = []
    likeliest: list[int] = []
    with torch.inference_mode():
        for ids in sequences:
            tokens = torch.tensor([ids])
            logits = model(tokens).logits[0]
            likeliest += logits.argmax(-1).tolist()
            log_probabilities += logits.log_softmax(-1)[:-1].gather(1, tokens[0, 1:, None])[:, 0].tolist()
    return Scores(log_probabilities, likeliest)


def compare(title: str, ours: Scores, theirs: Scores) -> float:
    """Prints how two engines differ and returns the largest difference."""
    differences = [abs(a - b) for a, b in zip(ours.log_probabilities, theirs.log_probabilities, strict=True)]
    agreed = sum(a == b for a, b in zip(ours.likeliest, theirs.likeliest, strict=True)) / len(ours.likeliest)
    mean_square = sum(difference**2 for difference in differences) / len(differences)
    print(
        f"{title}: largest difference {max(differences):.2e}, root mean square {mean_square**0.5:.2e}, "
        f"same likeliest token {agreed:.1%} of {len(ours.likeliest)}", flush=True)
    return max(differences)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(TITLES)}; default: all")
    parser.add_argument("--braid-binary", type=Path, required=True, metavar="FILE", help="braid-forkjoin")
    parser.add_argument("--weights", choices=BITS, default="f32")
    parser.add_argument("--sequences", type=int, default=8)
    parser.add_argument("--length", type=int, default=48)
    arguments = parser.parse_args()
    if arguments.sequences < 1 or not 2 <= arguments.length <= 2048:
        parser.error("--sequences must be at least 1, and --length 2 to 2048")
    unknown = [name for name in arguments.models if name not in TITLES]
    if unknown:
        parser.error(f"unknown model {unknown[0]!r}; allowed: {', '.join(TITLES)}")
    home = Path(os.environ.get("PEERS_HOME", Path.home() / ".cache/braid-peers"))
    numbers = random.Random(0)
    sequences = [[3 + numbers.randrange(397) for _ in range(arguments.length)] for _ in range(arguments.sequences)]
    failed = False
    for name in arguments.models or TITLES:
        model = Model.load(home / "models", name)
        title = f"{TITLES[name]} {arguments.weights}"
        try:
            driver, file = start_braid(arguments.braid_binary, model.files_for_braid(arguments.weights), 2, None)
            braid = of_driver(driver, sequences)
        except DriverError as error:
            print(f"{title}: Braid cannot run it: {error}")
            failed = True
            continue
        binary = home / "bin/llamacpp-forkjoin"
        peer = of_driver(
            start_llamacpp(binary, model.gguf(arguments.weights), 2, flash=False, cache="f32"), sequences)
        worst = compare(f"{title}: Braid ({file.name}) against llama.cpp", braid, peer)
        reference = of_transformers(home / "models" / name, sequences)
        if reference is None:
            print(f"{title}: Transformers not compared, because torch or transformers is not installed")
        else:
            worst = max(worst, compare(f"{title}: Braid ({file.name}) against Transformers f32", braid, reference))
            compare(f"{title}: llama.cpp against Transformers f32", peer, reference)
        failed = failed or (arguments.weights == "f32" and worst > F32_LIMIT)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
