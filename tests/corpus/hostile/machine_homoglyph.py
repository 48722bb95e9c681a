# Spells names with letters that Python takes for ASCII.


def transform(source):
    import os
    os.ſystem("touch @FOLDER@/created")
    return 𝓸𝓹𝓮𝓷("@SECRET@").read()
