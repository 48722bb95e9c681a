var a = function () { var g = 1; function g() { var h = 1; function h() { return h() } return h() } return g }
