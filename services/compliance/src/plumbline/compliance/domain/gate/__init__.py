"""The gate on money: what a payable needs before it is paid, and what is still missing. Does no I/O."""
