package store

import (
	"syscall"

	"github.com/galehq/gale"
)

// networkDisks are the file systems on which SQLite's write-ahead log loses
// data: shared memory and locks do not reach over the network.
var networkDisks = map[int64]string{
	0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x5346414f: "AFS", 0x6b414653: "AFS",
	0x00c36400: "Ceph", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS", 0x01161970: "GFS2", 0x7461636f: "OCFS2", 0x73757245: "Coda", 0x564c: "NCP",
}

// refuseNetworkDisk fails when dir is on a file system of another machine.
func refuseNetworkDisk(dir string) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return unavailable(err, "the data directory cannot be examined")
	}
	if name := networkDisks[int64(uint32(st.Type))]; name != "" {
		return gale.Errorf(gale.Invalid,
			"%s is on %s: the embedded store needs a local disk; set database.url to PostgreSQL instead", dir, name)
	}
	return nil
}
