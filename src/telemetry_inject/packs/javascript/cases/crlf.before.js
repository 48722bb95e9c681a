function one() {
  // first
  return two()
}
const two = () =>
  one();
