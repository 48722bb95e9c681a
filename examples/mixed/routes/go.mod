module example.com/dispatch/routes

go 1.21
