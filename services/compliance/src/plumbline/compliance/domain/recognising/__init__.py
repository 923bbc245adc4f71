"""From what a reader found in a file to what kind of paper it is and what it says. Pure, and never a guess."""
