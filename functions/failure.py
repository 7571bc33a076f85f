"""Why a workload cannot start, as the card says it to the data plane: then its calls are refused at once, not held. Pure.

A workload that has failed once stays so until an instance is ready again, or its record's next generation: between two
attempts a crashing container runs for a moment, and that is no recovery.
"""

from collections.abc import Sequence

from functions.live import ContainerStatus, Pod, StatefulSet

_CRASHES = 3  # before it is said to have failed
_LENGTH = 300  # characters of what the cluster says

_PULLS = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "RegistryUnavailable"})
_BUILDS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})


def current(wanted: StatefulSet, pods: Sequence[Pod]) -> list[Pod]:
    """The pods that count: of this very StatefulSet, wanted, and not on their way out; by number."""
    found = [
        pod for pod in pods if pod.belongs_to(wanted) and not pod.ending and 0 <= pod.ordinal < wanted.spec.replicas
    ]
    return sorted(found, key=lambda pod: pod.ordinal)


def failure(wanted: StatefulSet, pods: Sequence[Pod], refused: str, before: str) -> str:
    """Why nothing can serve; blank where something does, or may yet.

    `refused` is why no pod can be made, where that is known, `before` what was said until now. Only the part up to the
    colon tells two failures apart; while that is the same, `before` stands, so that it is not written again and again.
    """
    alive = current(wanted, pods)
    if not wanted.spec.replicas or any(pod.ready for pod in alive):
        return ""
    if alive:
        reasons = [_hopeless(pod.container) for pod in alive]
    else:  # those that are ending were made: nothing is refused
        reasons = [_no_pod(refused) if not any(pod.belongs_to(wanted) for pod in pods) else ""]
    if not all(reasons):
        return before
    return before if _category(before) == _category(reasons[0]) else reasons[0]


def _no_pod(refused: str) -> str:
    return f"No instance can be made: {refused[:_LENGTH]}" if refused else ""


def _hopeless(container: ContainerStatus) -> str:
    waiting, ended = container.state.waiting, container.last_state.terminated
    if waiting is None:
        return ""
    if waiting.reason in _PULLS:
        return "The image cannot be pulled: look at its name and version"
    if waiting.reason == "InvalidImageName":
        return "The image's name is not valid"
    if waiting.reason in _BUILDS:
        return f"The container cannot be made: {waiting.message[:_LENGTH]}"
    if waiting.reason == "CrashLoopBackOff" and container.restart_count >= _CRASHES:
        return (
            f"It ends again and again: {_how(ended.exit_code, ended.reason) if ended else 'the node does not say how'}"
        )
    return ""


def _how(code: int, reason: str) -> str:
    return f"exit code {code}" + (f" ({reason})" if reason not in ("", "Error", "Completed") else "")


def _category(reason: str) -> str:
    return reason.partition(":")[0]
