# why: indentation is not consistent
if True:
    def f():
	print(1)
