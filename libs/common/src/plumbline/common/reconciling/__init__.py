"""The reconciler: a table of things to converge, and the loop that makes them true.

`marks` says what is due, `verdicts` says how a piece of work can end, `store` holds the
rows, `loop` claims and works them. Whatever must happen in the outside world happens
because a row is due, and for no other reason.
"""
