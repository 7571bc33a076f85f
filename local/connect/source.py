"""Which source of tokens the options name. Loads no more than that one needs."""

from gateway.tokens.azure import azure_tokens
from gateway.tokens.command import TokenCommand
from gateway.tokens.token import Tokens
from local.connect.options import Options, WrongOption


def source(options: Options) -> Tokens | None:
    """None where no tokens are wanted. Raises WrongOption where azure-identity is not installed."""
    if options.azure:
        return _azure(options.azure)
    return TokenCommand(options.token_command) if options.token_command else None


def _azure(scope: str) -> Tokens:
    tokens = azure_tokens(scope)
    if tokens is None:
        raise WrongOption("--azure needs azure-identity: install `mcp-gateway[azure]`.")
    return tokens
