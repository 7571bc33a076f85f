"""Generations: which of the platform's keys are in use, by number. Draws none: `keys`.

They are numbered, so that one can follow another without a call lost. To replace the keys of session ids, `pulumi up` with
`sealKeys` `[1]` → `[1, 2]` (the new one opens only) → `[2, 1]` (it seals) → `[2]` (once the old ids may end). What the proxy
proves itself with is replaced in the same three steps of `trustKeys`. Every step replaces the pods, one by one.
"""

import msgspec

from infra.platform.secrets import SEAL_SLOTS

TRUST_SLOTS = 2


class Generations(msgspec.Struct, frozen=True, kw_only=True):
    """Of the seals the first one seals and all open; of the trust the first is sent and both are believed."""

    seal: tuple[int, ...] = (1,)
    trust: tuple[int, ...] = (1,)

    @property
    def stamp(self) -> str:
        """Changes with them: an annotation of pods, which read their keys when they start."""
        return f"seal {'-'.join(map(str, self.seal))} trust {'-'.join(map(str, self.trust))}"

    def faults(self) -> list[tuple[str, str]]:
        """What cannot be meant, by the key of the stack's configuration."""
        lists = (("sealKeys", self.seal, SEAL_SLOTS), ("trustKeys", self.trust, TRUST_SLOTS))
        found = [(key, f"has 1 to {slots} numbers") for key, numbers, slots in lists if not 1 <= len(numbers) <= slots]
        twice = [(key, "the same number is there twice") for key, numbers, _ in lists if len({*numbers}) < len(numbers)]
        return [*found, *twice]
