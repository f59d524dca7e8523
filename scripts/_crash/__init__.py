"""Killing the parts of a stack at random moments, and holding what was acknowledged to its word."""
