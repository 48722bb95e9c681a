# why: finalizer
class A:
    def __del__(self):
        print(self)
