"""SCRAM-SHA-256, by the example of RFC 7677 and by what may go wrong."""

from __future__ import annotations

import base64

import pytest

from runyard.core.proof import answer, is_proved, verifier
from runyard.sql.wire.scram import Exchange, MalformedProof, WrongProof

# RFC 7677, section 3: the user is `user`, the password `pencil`.
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SERVER_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_LAST = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SERVER_LAST = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def exchange(*passwords: str) -> Exchange:
    def prove(signed: bytes, proof: bytes) -> bytes | None:
        known = [by for one in passwords if is_proved(by := verifier(one, SALT), proof, signed)]
        return answer(known[0], signed) if known else None

    return Exchange(prove, SALT, nonce=SERVER_NONCE)


def test_the_example_of_the_standard_is_answered_to_the_letter() -> None:
    spoken = exchange("pencil")

    assert spoken.challenge(CLIENT_FIRST) == SERVER_FIRST
    assert spoken.outcome(CLIENT_LAST) == SERVER_LAST


def test_any_of_several_secrets_is_enough() -> None:
    spoken = exchange("another", "pencil")
    spoken.challenge(CLIENT_FIRST)

    assert spoken.outcome(CLIENT_LAST) == SERVER_LAST


@pytest.mark.parametrize("passwords", [("wrong",), ()])
def test_a_wrong_password_is_refused(passwords: tuple[str, ...]) -> None:
    spoken = exchange(*passwords)
    spoken.challenge(CLIENT_FIRST)

    with pytest.raises(WrongProof):
        spoken.outcome(CLIENT_LAST)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"n,,",
        b"n,,n=user",  # no nonce
        b"n,a=other,n=user,r=abc",  # to act for somebody else
        b"p=tls-server-end-point,,n=user,r=abc",  # bound to a channel, which was not offered
        b"\xff\xfe",
    ],
)
def test_a_first_message_that_is_none_is_refused(first: bytes) -> None:
    with pytest.raises(MalformedProof):
        exchange("pencil").challenge(first)


@pytest.mark.parametrize(
    "last",
    [
        b"",
        CLIENT_LAST.replace(b"c=biws", b"c=eSws"),  # another binding than at first
        CLIENT_LAST.replace(b"r=rOpr", b"r=xxxx"),  # another nonce
        CLIENT_LAST.replace(b"p=dHzb", b"p=d!zb"),
        b"\xff",
    ],
)
def test_a_last_message_that_does_not_fit_is_refused(last: bytes) -> None:
    spoken = exchange("pencil")
    spoken.challenge(CLIENT_FIRST)

    with pytest.raises(MalformedProof):
        spoken.outcome(last)


def test_a_proof_of_another_length_is_wrong() -> None:
    spoken = exchange("pencil")
    spoken.challenge(CLIENT_FIRST)

    with pytest.raises(WrongProof):
        spoken.outcome(CLIENT_LAST.partition(b",p=")[0] + b",p=AAAA")
