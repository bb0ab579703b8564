"""Tests of `ecrimages.testing`."""
