"""The harness of the integration tests; ../README.md is its guide."""
