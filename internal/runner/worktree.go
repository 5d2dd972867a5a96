package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/galehq/gale/internal/proc"
)

const gitTime = 2 * time.Minute

// CheckOut prepares the pack for a run. Without the parameter content_version
// that is the pack as it is; with it, a work tree of that revision, removed by
// done unless the job is to be debugged. Dir is the pack's directory to use in
// place of the job's.
func CheckOut(ctx context.Context, job *Job) (dir string, done func(), err error) {
	revision := String(job.RunnerParameters, "content_version")
	if revision == "" {
		return job.PackDir, func() {}, nil
	}
	prefix := fmt.Sprintf("Failed to create git worktree for pack %q: ", job.Pack)
	if info, err := os.Stat(job.PackDir); err != nil || !info.IsDir() {
		return "", nil, fmt.Errorf("%sPack directory %q doesn't exist.", prefix, job.PackDir)
	}
	if strings.HasPrefix(revision, "-") {
		return "", nil, fmt.Errorf("%sInvalid content_version %q provided.", prefix, revision)
	}
	tree, err := os.MkdirTemp("", "st2-git-worktree-")
	if err != nil {
		return "", nil, fmt.Errorf("%s%w", prefix, err)
	}
	if message := git(ctx, job.PackDir, "worktree", "add", "--force", "--detach", tree, revision); message != "" {
		os.RemoveAll(tree)
		return "", nil, fmt.Errorf("%s%s", prefix, explainGit(job.PackDir, revision, message))
	}
	os.Chmod(tree, 0o777) // the action may run as another user
	return tree, func() {
		if job.Debug || Bool(job.RunnerParameters, "debug") {
			return
		}
		os.RemoveAll(tree)
		git(context.WithoutCancel(ctx), job.PackDir, "worktree", "prune")
	}, nil
}

// git runs git in dir and returns what it complained of when it failed.
func git(ctx context.Context, dir string, args ...string) (complaint string) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	exit, err := proc.Run(ctx, proc.Command{
		Path: "git", Args: append([]string{"-C", dir}, args...),
		Env: MergeEnv(Environ(), []string{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0"}),
	})
	if err != nil {
		return err.Error()
	}
	if exit.Code != 0 || exit.Killed {
		return fmt.Sprintf("git ended with code %d: %s", exit.Code, strings.TrimSpace(exit.Stderr))
	}
	return ""
}

// explainGit turns git's complaint into advice where the cause is known.
func explainGit(dir, revision, message string) string {
	lower := strings.ToLower(message)
	switch {
	case strings.Contains(lower, "'worktree' is not a git command"):
		return "Installed git version doesn't support git worktree command. To be able to utilize this functionality you need to use git >= 2.5.0."
	case strings.Contains(lower, "not a git repository"):
		return fmt.Sprintf("Pack directory %q is not a git repository. To utilize this functionality, pack directory needs to be a git repository.", dir)
	case strings.Contains(lower, "invalid reference"):
		return fmt.Sprintf("Invalid content_version %q provided. Make sure that git repository is up to date and contains that revision.", revision)
	}
	return message
}

// In returns the job with its pack elsewhere.
func (j *Job) In(dir string) *Job {
	if dir == j.PackDir {
		return j
	}
	moved := *j
	if filepath.IsAbs(j.EntryPoint) {
		if rel, err := filepath.Rel(j.PackDir, j.EntryPoint); err == nil {
			moved.EntryPoint = filepath.Join(dir, rel)
		}
	}
	moved.PackDir = dir
	return &moved
}
