"""The bench behind `make bench`: scripts that measure, never timed tests. Method and results: docs/performance.md."""
