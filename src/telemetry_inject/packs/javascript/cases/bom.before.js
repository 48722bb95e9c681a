"use strict"
function one() { return two() }
function two() { return one() }
