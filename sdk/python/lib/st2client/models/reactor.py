from st2client.models.kinds import Trigger, TriggerType, TriggerInstance, Sensor  # noqa: F401
