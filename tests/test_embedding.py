import json
import math
import shutil
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from home_energy.errors import ModelFilesError
from home_energy.knowledge import bert_graph, weights
from home_energy.knowledge.embedding import Embedder, EmbeddingModel

TEXTS = [
    "",
    "heat pump",
    "Turn the thermostat down by one degree.",
    "An A-rated fridge-freezer uses about 150 kWh a year; an old one can use 500 kWh. " * 3,
    "Loft insulation of 270 mm keeps heat in. " * 12,
    "ünïcödé £5 – 20 °C ² 你好 🙂",
    "standby " * 400,
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("weights")
    weights.pull(data_dir)
    yield data_dir
    shutil.rmtree(data_dir)


@pytest.fixture(scope="module")
def embedder(data_dir):
    return Embedder.open(data_dir)


def test_the_embedder_is_an_embedding_model(embedder):
    model: EmbeddingModel = embedder
    assert model.model_id == "all-MiniLM-L6-v2@53aa5117"
    assert (model.dimensions, model.max_tokens) == (384, 256)


def test_similarities_are_those_the_models_authors_publish(embedder):
    # The example of the sentence-transformers documentation for this model, to its last digit.
    vectors = embedder.embed(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    cosines = [vectors[0] @ vectors[1], vectors[0] @ vectors[2], vectors[1] @ vectors[2]]
    assert cosines == pytest.approx([0.6660, 0.1046, 0.1411], abs=6e-5)
    first, second, third = vectors
    distances = [np.abs(a - b).sum() for a, b in [(first, second), (first, third), (second, third)]]
    assert distances == pytest.approx([12.6269, 20.2167, 20.1288], abs=6e-5)


def plain_forward(folder, ids):
    """The same encoder for one text, in numpy and without a mask."""
    raw = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])

    def tensor(name):
        start, end = header[name]["data_offsets"]
        return np.frombuffer(raw[8 + length + start : 8 + length + end], np.float32).reshape(
            header[name]["shape"]
        )

    def linear(x, name):
        return x @ tensor(f"{name}.weight").T + tensor(f"{name}.bias")

    def norm(x, name):
        spread = np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return (x - x.mean(-1, keepdims=True)) / spread * tensor(f"{name}.weight") + tensor(
            f"{name}.bias"
        )

    x = tensor("embeddings.word_embeddings.weight")[ids]
    x = x + tensor("embeddings.position_embeddings.weight")[: len(ids)]
    x = norm(x + tensor("embeddings.token_type_embeddings.weight")[0], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            np.split(linear(x, f"{at}.attention.self.{part}"), 12, axis=1)
            for part in ("query", "key", "value")
        )
        heads = []
        for q, k, v in zip(query, key, value, strict=True):
            scores = np.exp(q @ k.T / math.sqrt(32))
            heads.append(scores / scores.sum(-1, keepdims=True) @ v)
        mixed = linear(np.concatenate(heads, axis=1), f"{at}.attention.output.dense")
        x = norm(x + mixed, f"{at}.attention.output.LayerNorm")
        wide = linear(x, f"{at}.intermediate.dense")
        wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def test_vectors_are_those_of_a_forward_pass_written_out(embedder, data_dir):
    # [CLS] turn the thermostat down by one degree . [SEP] in BERT's uncased vocabulary.
    ids = [101, 2735, 1996, 1996, 10867, 28696, 2102, 2091, 2011, 2028, 3014, 1012, 102]
    text = "Turn the thermostat down by one degree."
    vocabulary = json.loads((weights.folder(data_dir) / "tokenizer.json").read_bytes())["model"][
        "vocab"
    ]
    words = {number: word for word, number in vocabulary.items()}
    assert "".join(words[i].removeprefix("##") for i in ids[1:-1]) == text.lower().replace(" ", "")
    expected = plain_forward(weights.folder(data_dir), ids)
    # Beside a longer text, so that padding is proved to have no influence.
    vector = embedder.embed([text, TEXTS[3]])[0]
    assert np.abs(vector - expected).max() < 1e-5


def test_a_paraphrase_is_nearer_than_another_subject(embedder):
    question, paraphrase, other = embedder.embed(
        [
            "How can I cut my heating bill?",
            "Ways to spend less on warming the house",
            "The striker scored twice in the second half",
        ]
    )
    assert question @ paraphrase > 0.5
    assert question @ other < 0.2


def test_vectors_have_length_one_and_are_float32(embedder):
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


def test_no_texts_give_no_vectors(embedder):
    vectors = embedder.embed([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32


def test_a_vector_does_not_depend_on_the_texts_beside_it_nor_on_their_order(embedder):
    alone = np.stack([embedder.embed([text])[0] for text in TEXTS])
    together = embedder.embed(TEXTS * 3)
    assert np.abs(together - np.tile(alone, (3, 1))).max() < 1e-5
    backwards = embedder.embed(TEXTS[::-1])[::-1]
    assert np.abs(backwards - alone).max() < 1e-5


def test_a_text_counts_up_to_its_256th_token_and_no_further(embedder):
    full = "house " * 254
    assert embedder.count_tokens(full) == 256
    whole, longer, last_changed = embedder.embed(
        [full, full + "solar panels on the roof", "house " * 253 + "moon"]
    )
    assert np.abs(whole - longer).max() < 1e-5
    assert np.abs(whole - last_changed).max() > 1e-4


def test_tokens_are_counted_with_both_markers_and_without_a_limit(embedder):
    assert embedder.count_tokens("") == 2
    assert embedder.count_tokens("heat pump") == 4
    assert embedder.count_tokens("house " * 1000) == 1002


def test_half_a_surrogate_pair_is_embedded_like_any_text(embedder):
    assert np.isfinite(embedder.embed_query("kettle \ud83d")).all()
    assert embedder.count_tokens("\ud83d") >= 2


def test_a_query_has_the_vector_of_its_text_and_cannot_be_changed(embedder):
    vector = embedder.embed_query(TEXTS[2])
    assert np.abs(vector - embedder.embed(TEXTS)[2]).max() < 1e-5
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 0
    assert embedder.embed_query(TEXTS[2]) is vector


def test_progress_counts_up_to_all_texts(embedder):
    heard = []
    embedder.embed(TEXTS * 4, heard.append)
    assert heard == sorted(set(heard))
    assert heard[-1] == len(TEXTS) * 4


def test_threads_may_share_an_embedder_from_its_first_use(data_dir):
    embedder = Embedder.open(data_dir)
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda n: embedder.embed(TEXTS)[n % 7], range(8)))
    expected = embedder.embed(TEXTS)
    assert all(np.abs(v - expected[n % 7]).max() < 1e-5 for n, v in enumerate(vectors))


def test_opening_without_weights_says_what_to_run(tmp_path):
    with pytest.raises(ModelFilesError, match="home-energy models pull"):
        Embedder.open(tmp_path)


def test_the_graph_has_the_same_bytes_every_time_and_holds_no_weights(data_dir):
    path = weights.folder(data_dir) / "model.safetensors"
    assert bert_graph.build(path) == bert_graph.build(path) == weights.graph(data_dir)
    assert len(weights.graph(data_dir)) < 50_000


def test_start_up_imports_no_onnx_and_connects_to_nothing(data_dir):
    code = """
import sys
from pathlib import Path

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
from home_energy.knowledge.embedding import Embedder
lazy = {"onnx", "onnxruntime", "tokenizers"}
assert not lazy & set(sys.modules), lazy & set(sys.modules)
assert Embedder.open(Path(sys.argv[1])).embed_query("hello").shape == (384,)
assert "onnx" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(data_dir)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
