// why: file: asked for in a comment
// telemetry: skip-file
function f() {
  console.log(1);
}
