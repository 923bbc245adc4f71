"""Sheets that we print: what each says, how a firm wants it to look, and which version of a template applies."""
