# Hides a line behind a comment that ends with a carriage return only.


def transform(source):
    return source.replace("            raise ValueError", "            pass #\r            raise ValueError")
