"""The storage service behind Procore: another origin, which must never see Procore's tokens."""
