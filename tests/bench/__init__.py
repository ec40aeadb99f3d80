"""What Darkroom costs, measured on this machine side by side with plain loops: `python -m tests.bench`."""
