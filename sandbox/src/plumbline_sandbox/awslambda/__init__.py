"""AWS Lambda: the runtime API that a function's process speaks, and the invocation of the function."""
