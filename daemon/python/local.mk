# daemon/python
