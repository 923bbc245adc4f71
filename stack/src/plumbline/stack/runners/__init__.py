"""Two ways to run the same services on one machine: embedded and native."""
