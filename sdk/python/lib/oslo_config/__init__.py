"""A stand-in for oslo.config with the settings that actions have been seen to
read. An environment that has the real one gets the real one."""
