// why: file: no functions
console.log(1);
