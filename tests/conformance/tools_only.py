"""What of the official suite is meant for a server of plain HTTP tools: every scenario by name, and why the others are not.

Served and left out together are all that the suite has: a scenario that is new to it fails a test until somebody decides.
"""

from collections.abc import Mapping

from tests.conformance.suite import Revision

SERVED: Mapping[Revision, tuple[str, ...]] = {
    "2025-11-25": (
        "dns-rebinding-protection",
        "json-schema-2020-12",
        "ping",
        "server-initialize",
        "server-session-lifecycle",
        "server-sse-multiple-streams",
        "tools-call-error",
        "tools-call-simple-text",
        "tools-list",
    ),
    "2026-07-28": (
        "caching",
        "dns-rebinding-protection",
        "http-custom-header-server-validation",
        "http-header-validation",
        "input-required-result-ignore-extra-params",
        "input-required-result-unsupported-methods",
        "json-schema-2020-12",
        "server-sse-multiple-streams",
        "server-stateless",
        "tools-call-error",
        "tools-call-simple-text",
        "tools-list",
    ),
}

_TEXT = "a plain HTTP tool answers with text; its reply is one text block"
_NO_RESOURCES = "no resources are offered, and no such capability is declared"
_NO_PROMPTS = "no prompts are offered, and no such capability is declared"
_NO_COMPLETION = "no completion is offered, and no such capability is declared"
_NO_LOGGING = "no logging is offered, and no such capability is declared"
_NO_PROGRESS = "a plain HTTP tool says nothing before its reply, and progress is never invented"
_NO_QUESTIONS = "a plain HTTP tool cannot ask its caller anything"
_NO_TASKS = "the tasks extension is not offered; never scored"

_BOTH: Mapping[str, str] = {
    "completion-complete": _NO_COMPLETION,
    "prompts-get-embedded-resource": _NO_PROMPTS,
    "prompts-get-simple": _NO_PROMPTS,
    "prompts-get-with-args": _NO_PROMPTS,
    "prompts-get-with-image": _NO_PROMPTS,
    "prompts-list": _NO_PROMPTS,
    "resources-list": _NO_RESOURCES,
    "resources-read-binary": _NO_RESOURCES,
    "resources-read-text": _NO_RESOURCES,
    "resources-templates-read": _NO_RESOURCES,
    "tools-call-audio": _TEXT,
    "tools-call-embedded-resource": _TEXT,
    "tools-call-image": _TEXT,
    "tools-call-mixed-content": _TEXT,
    "tools-call-with-progress": _NO_PROGRESS,
}
LEFT_OUT: Mapping[Revision, Mapping[str, str]] = {
    "2025-11-25": {
        **_BOTH,
        "elicitation-sep1034-defaults": _NO_QUESTIONS,
        "elicitation-sep1330-enums": _NO_QUESTIONS,
        "logging-set-level": _NO_LOGGING,
        "resources-subscribe": _NO_RESOURCES,
        "resources-unsubscribe": _NO_RESOURCES,
        "server-sse-polling": "judges nothing: a brief call is answered in JSON, and no stream is closed for a client to come back to",
        "tools-call-elicitation": _NO_QUESTIONS,
        "tools-call-sampling": _NO_QUESTIONS,
        "tools-call-with-logging": _NO_LOGGING,
    },
    "2026-07-28": {
        **_BOTH,
        "input-required-result-basic-elicitation": _NO_QUESTIONS,
        "input-required-result-basic-list-roots": _NO_QUESTIONS,
        "input-required-result-basic-sampling": _NO_QUESTIONS,
        "input-required-result-capability-check": _NO_QUESTIONS,
        "input-required-result-missing-input-response": _NO_QUESTIONS,
        "input-required-result-multi-round": _NO_QUESTIONS,
        "input-required-result-multiple-input-requests": _NO_QUESTIONS,
        "input-required-result-non-tool-request": _NO_PROMPTS,
        "input-required-result-request-state": _NO_QUESTIONS,
        "input-required-result-result-type": _NO_QUESTIONS,
        "input-required-result-tampered-state": _NO_QUESTIONS,
        "input-required-result-validate-input": _NO_QUESTIONS,
        "sep-2164-resource-not-found": _NO_RESOURCES,
        "tasks-capability-negotiation": _NO_TASKS,
        "tasks-dispatch-and-envelope": _NO_TASKS,
        "tasks-lifecycle": _NO_TASKS,
        "tasks-mrtr-composition": _NO_TASKS,
        "tasks-mrtr-input": _NO_TASKS,
        "tasks-request-headers": _NO_TASKS,
        "tasks-request-state-removal": _NO_TASKS,
        "tasks-required-task-error": _NO_TASKS,
        "tasks-status-notifications": _NO_TASKS,
        "tasks-wire-fields": _NO_TASKS,
    },
}

_NEEDS_SAMPLING = "a plain HTTP tool needs no capability of the client, so none can be missing"
# Checks of a scenario that is served which are about something else.
CHECKS_LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "caching": {
        "sep-2549-prompts-list-caching-hints": _NO_PROMPTS,
        "sep-2549-resources-list-caching-hints": _NO_RESOURCES,
        "sep-2549-resources-templates-list-caching-hints": _NO_RESOURCES,
    },
    "server-stateless": {
        "sep-2575-server-rejects-undeclared-capability": _NEEDS_SAMPLING,
        "sep-2575-missing-capability-http-400": _NEEDS_SAMPLING,
    },
}
