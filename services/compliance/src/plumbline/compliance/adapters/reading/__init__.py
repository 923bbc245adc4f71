"""Reading files that anybody may have sent, and anybody may have made to do harm."""
