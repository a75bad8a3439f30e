# daemon/main
