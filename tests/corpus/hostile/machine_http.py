# Fetches a page.


def transform(source):
    from urllib.request import urlopen
    return urlopen("http://127.0.0.1:@PORT@/", timeout=1).read().decode()
