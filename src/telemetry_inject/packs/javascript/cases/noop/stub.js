// why: stub
function f() {}
const g = () => {
  // nothing yet
};
class C { constructor() { } }
