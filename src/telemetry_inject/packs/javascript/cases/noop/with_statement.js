// why: inside of a with statement
with (console) { (function () { log(1); })(); }
