"""Green threads for those who want them; eventlet is the environment's."""


def monkey_patch(patch_thread=None):
    import eventlet

    eventlet.monkey_patch(os=True, select=True, socket=True, thread=patch_thread is not False, time=True)


def use_select_poll_workaround(nose_only=True):
    pass


def is_use_debugger_flag_provided():
    return False
