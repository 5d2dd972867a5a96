import uuid

from st2common.runners.base_action import Action


class GenerateUUID(Action):
    def run(self, uuid_type="uuid4"):
        if uuid_type not in ("uuid1", "uuid4"):
            raise ValueError("uuid_type is uuid1 or uuid4, not %r" % (uuid_type,))
        return str(getattr(uuid, uuid_type)())
