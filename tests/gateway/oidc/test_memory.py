"""What is remembered is bounded, in number and in bytes."""

from gateway.identity import principal
from gateway.oidc.memory import Memory

ALICE = principal("alice", "alice", [])


def test_the_token_asked_for_least_lately_goes_first() -> None:
    memory = Memory(count=2)
    memory.put("a", ALICE, 10)
    memory.put("b", ALICE, 10)
    assert memory.get("a", 0)
    memory.put("c", ALICE, 10)
    assert [bool(memory.get(token, 0)) for token in "abc"] == [True, False, True]


def test_tokens_together_have_a_size() -> None:
    memory = Memory(size=100)
    for n in range(50):
        memory.put(f"{n:010}", ALICE, 10)
    assert len(memory) == 10
    memory.put("x" * 95, ALICE, 10)
    assert len(memory) == 1
    memory.put("x" * 101, ALICE, 10)
    assert len(memory) == 0


def test_putting_a_token_again_takes_no_more_room() -> None:
    memory = Memory(size=10)
    for until in range(1, 100):
        memory.put("x" * 10, ALICE, until)
    assert memory.get("x" * 10, 98)
    assert memory.get("x" * 10, 99) is None
    assert len(memory) == 0


def test_who_is_forgotten_makes_room() -> None:
    memory = Memory(size=10)
    memory.put("x" * 10, ALICE, 10)
    memory.clear()
    memory.put("y" * 10, ALICE, 10)
    assert memory.get("y" * 10, 0)
