// why: asked for in a comment
// telemetry: skip
function f() {
  console.log(1);
}
