# daemon/dialect
