"""Tests of running containers (`make test-containers`)."""
