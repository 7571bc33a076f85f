"""What `pulumi up` runs in this folder."""

from infra.catalog.example.program import main

main()
