"""Rules as typed data: what they may say, what is wrong with them, and what they decide."""
