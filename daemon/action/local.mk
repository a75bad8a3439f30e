# daemon/action
