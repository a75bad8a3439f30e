# daemon/bundle
