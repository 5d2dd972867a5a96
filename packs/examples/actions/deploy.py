import time

from st2common.runners.base_action import Action


class DeployAction(Action):
    """Prints a line for each host as it goes, so that there is something to follow."""

    def run(self, version, hosts, pause=0.5):
        for host in hosts:
            print("%s: installing %s" % (host, version))
            time.sleep(pause)
            print("%s: healthy" % host)
        return {"version": version, "deployed": len(hosts)}
