function one(){work()}function two(){
	work()}
var three=function(){return work()},four=()=>work();if(three)(function(){work()})()
else four()
var text=`${(() => { return `${work()}` })()}`,regex=/[/]\/{/.test(work())?{f(){return work()}}:null
function work(){one(text,regex);two()}
