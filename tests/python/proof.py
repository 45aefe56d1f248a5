"""Checks proofs of trades against a run's tables, with nothing but SHA-256 and the book's page on the ledger.

usage: proof.py DIR PROOF...
"""

import hashlib
import json
import sys
from pathlib import Path

import pyarrow.parquet


class Bytes:
    """Reads the ledger's encoding from the front."""

    def __init__(self, hexadecimal):
        self.rest = bytes.fromhex(hexadecimal)

    def take(self, count):
        taken, self.rest = self.rest[:count], self.rest[count:]
        assert len(taken) == count, "the bytes end in the middle of a value"
        return taken

    def unsigned(self):
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self):
        zigzag = self.unsigned()
        return (zigzag >> 1) ^ -(zigzag & 1)


def sha256(tag, *parts):
    return hashlib.sha256(bytes([tag]) + b"".join(parts)).digest()


def root(element, path):
    """The root of RFC 6962 that a path leads to."""
    digest = sha256(0, bytes.fromhex(element))
    for step in path:
        side, sibling = step.split(" ")
        sibling = bytes.fromhex(sibling)
        digest = sha256(1, *((sibling, digest) if side == "left" else (digest, sibling)))
    return digest


def header(hexadecimal):
    encoded = Bytes(hexadecimal)
    found = {"height": encoded.unsigned(), "round": encoded.unsigned()}
    for name in ("previous", "transaction_root", "receipts_root", "state_root"):
        found[name] = encoded.take(32)
    found["hash"] = sha256(6, bytes.fromhex(hexadecimal))
    return found


def check(proof, hashes):
    headers = [header(text) for text in proof["headers"]]
    last = headers[-1]
    assert last["hash"].hex() == hashes[last["height"]], "another block"
    for before, after in zip(headers, headers[1:]):
        assert after["previous"] == before["hash"], "no chain"
    for name, place in (("published", 0), ("closed", -1)):
        part = proof[name]
        assert root(part["transaction"], part["transaction_path"]) == headers[place]["transaction_root"], name
        assert root(part["receipt"], part["receipt_path"]) == headers[place]["receipts_root"], name
    published, closed = Bytes(proof["published"]["transaction"]), Bytes(proof["closed"]["transaction"])
    for transaction, operation in ((published, 0), (closed, 4)):
        for _ in ("chain", "sender", "nonce"):
            transaction.unsigned()
        if transaction.take(1) == b"\x01":  # it expires
            transaction.unsigned()
        assert transaction.take(1) == bytes([operation]), "another operation"
    terms = {name: published.unsigned() for name in ("id", "period", "seller", "buyer")}
    terms |= {name: published.signed() for name in ("energy", "seller_price", "buyer_price")}
    assert closed.unsigned() == terms["id"] == proof["trade"], "another contract"
    receipt = Bytes(proof["closed"]["receipt"])
    receipt.take(32)
    assert receipt.take(3)[:2] == bytes([0, 4]), "not accepted, or not closed"
    names = ("delivered", "seller_short", "buyer_short", "seller_amount", "grid_amount", "platform_amount")
    return terms, {name: receipt.signed() for name in names}, last["height"]


def rows(folder, table):
    found = []
    for part in sorted((folder / table).glob("*.parquet")):
        found += pyarrow.parquet.read_table(part).to_pylist()
    return found


def main(folder, *proofs):
    hashes = {}
    for row in rows(Path(folder), "blocks"):
        digest = row["hash"]
        hashes[row["height"]] = digest.hex() if isinstance(digest, bytes) else digest
    trades = {row["trade_id"]: row for row in rows(Path(folder), "trades")}
    for file in proofs:
        proof = json.loads(Path(file).read_text())
        terms, settlement, height = check(proof, hashes)
        trade = trades[proof["trade"]]
        micro = lambda column: round(trade[column] * 1e6)
        assert micro("contracted_kwh") == terms["energy"], file
        assert micro("delivered_kwh") == settlement["delivered"], file
        assert micro("seller_price_per_kwh") == terms["seller_price"], file
        assert micro("buyer_price_per_kwh") == terms["buyer_price"], file
        assert trade["block_height"] == height, file
        # One bit more, and nothing is proven.
        proof["closed"]["receipt"] = proof["closed"]["receipt"][:-1] + "%x" % (int(proof["closed"]["receipt"][-1], 16) ^ 1)
        try:
            check(proof, hashes)
        except AssertionError:
            continue
        raise SystemExit(f"{file} holds though it was changed")
    print(len(proofs), "proofs hold")


main(*sys.argv[1:])
