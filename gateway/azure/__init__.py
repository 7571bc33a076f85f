"""What is Azure's alone. Imported by entry points and compositions only: every other part knows contracts."""
