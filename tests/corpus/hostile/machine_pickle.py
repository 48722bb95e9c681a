# Runs a command while unpickling.


def transform(source):
    import pickle
    pickle.loads(b"cposix\nsystem\n(S'touch @FOLDER@/created'\ntR.")
    return source
