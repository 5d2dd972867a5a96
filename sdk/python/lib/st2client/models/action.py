from st2client.models.kinds import Execution, LiveAction, Action, RunnerType  # noqa: F401
