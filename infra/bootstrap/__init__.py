"""What must be there before the first `pulumi up`: where the state is kept, and the key that encrypts the secrets in it.

    python -m infra.bootstrap --label contoso --location westus3 [--github OWNER/REPOSITORY] [--dry-run]

A shell script of `az` commands: `--dry-run` prints it, otherwise it is run. Once more does no harm: what is there stays. With
`--github`, two identities that workflows of that repository sign in as, without a secret: one that looks, and one that builds.
"""
