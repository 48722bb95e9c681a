# Hides its code in texts that are put together.


def transform(source):
    first, second = "__imp" + "ort__('o", "s').sys" + "tem('touch @FOLDER@/created')"
    eval(first + second)
    return source
