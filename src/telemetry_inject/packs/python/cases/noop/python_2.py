# why: file: line 3: Python 2 syntax
def f():
    print "text"
