"""Loads the fixtures that start servers for tests."""

pytest_plugins = ["plumbline.stack.testing"]
