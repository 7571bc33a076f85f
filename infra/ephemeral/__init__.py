"""Stacks that live for hours: brought up for a pull request, tried with one journey, destroyed, and swept when forgotten.

    python -m infra.ephemeral up --stack pr-123
    python -m infra.ephemeral smoke --stack pr-123      (or --url https://…: any gateway)
    python -m infra.ephemeral destroy --stack pr-123
    python -m infra.ephemeral sweep

On Pulumi's Automation API: the program runs in this process. When a stack's time is over stands on the stack (its tag) and on
its resource group, never in a file that only one machine has. Only stacks named `pr-…` are touched.
"""
