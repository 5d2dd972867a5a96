# Started by Gale's Python runner, one process per action. The work is in a
# module so that Python can keep it compiled.
if __name__ == "__main__":
    from gale_sdk import action

    action.main()
