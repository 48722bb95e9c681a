# why: documentation and code share the line of the header
def f(): "documentation"; return print(1)
