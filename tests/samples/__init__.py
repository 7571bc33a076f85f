"""The samples as people run them: processes of their own on ports of their own."""
