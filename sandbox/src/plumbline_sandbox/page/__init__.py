"""The sandbox's page for people: server-made HTML with a little plain JavaScript."""
