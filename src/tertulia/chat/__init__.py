"""`tertulia chat`: a plain-terminal client on the SDK, which also works in a pipe.

`conversation` is the program, `terminal` and `pipe` are the two things it can talk through. A face
like any other: it knows the server by the event protocol alone.
"""
