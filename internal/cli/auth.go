package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

var loginArgs = []argparse.Arg{
	argparse.Positional("username", "", "Name of the user."),
	argparse.Option("The password; asked for when it is not given.", "-p", "--password"),
	{Names: []string{"-l", "--ttl"}, Type: argparse.Int, Help: "Seconds that the token lasts; the server has the last word."},
}

func authCommand() Command {
	return Command{Name: "auth", Summary: "Get an access token.", Access: Login,
		Args: append(loginArgs[:len(loginArgs):len(loginArgs)], argparse.Flag("Print nothing but the token.", "-t", "--only-token")),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			d, _, err := env.login(ctx, args)
			if err != nil {
				return err
			}
			if args.Bool("only_token") {
				env.println(client.String(d, "token"))
				return nil
			}
			return env.printOne(d, view{attrs: []string{"user", "token", "expiry"}})
		}}
}

func loginCommand() Command {
	return Command{Name: "login", Summary: "Log in, and stay so.", Access: Login,
		Help: "Log in and remember the user in the configuration file. The token is kept beside it, for later commands; when it ends, log in again.",
		Args: append(loginArgs[:len(loginArgs):len(loginArgs)],
			argparse.Flag("Keep the password in the configuration file, in plain text, to log in again by itself.", "-w", "--write-password")),
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			d, password, err := env.login(ctx, args)
			if err != nil {
				return err
			}
			return env.remember(d, args.String("username"), password, args.Bool("write_password"))
		}}
}

// login asks for the password if need be, and for a token.
func (env *Env) login(ctx context.Context, args *argparse.Values) (*py.Dict, string, error) {
	password := args.String("password")
	if !args.Given("password") {
		var err error
		if password, err = env.Secret("Password: "); err != nil {
			return nil, "", fmt.Errorf("no password: %w", err)
		}
	}
	d, err := env.Client.Login(ctx, args.String("username"), password, time.Duration(args.Int("ttl"))*time.Second)
	if client.IsStatus(err, 401) {
		return nil, "", fmt.Errorf("Failed to log in as %s: invalid credentials", args.String("username")) // st2's way
	}
	return d, password, err
}

// remember writes the user into the configuration and the token into the
// cache.
func (env *Env) remember(d *py.Dict, user, password string, keep bool) error {
	s := env.Settings
	f, _, err := readINI(s.ConfigFile)
	if err != nil {
		return err
	}
	f.set("credentials", "username", user)
	if keep {
		f.set("credentials", "password", password)
	} else {
		f.remove("credentials", "password")
	}
	if err := writePrivate(s.ConfigFile, []byte(f.String()), 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := env.cacheToken(user, d); err != nil {
		fmt.Fprintf(env.Stderr, "WARNING: the token is not kept: %s\n", err)
	}
	if env.Format != Table {
		return env.printData(py.DictOf("username", user, "expiry", client.String(d, "expiry"), "config", s.ConfigFile))
	}
	env.printf("Logged in as %s\n", user)
	if !keep {
		env.printf("\nNote: the password is not kept. When the token ends you have to log in again (with -w the password is written to %s).\n", s.ConfigFile)
	}
	return nil
}

func logoutCommand() Command {
	return Command{Name: "logout", Summary: "Forget who is logged in.", Access: Login,
		Help: "Remove the user, the password and the kept token from this machine. The token itself lasts until it ends.",
		Run: func(_ context.Context, env *Env, _ *argparse.Values) error {
			s := env.Settings
			f, found, err := readINI(s.ConfigFile)
			if err != nil {
				return err
			}
			user := f.get("credentials", "username")
			if !found || user == "" {
				env.println("Nobody is logged in.")
				return nil
			}
			f.remove("credentials", "username")
			f.remove("credentials", "password")
			if err := writePrivate(s.ConfigFile, []byte(f.String()), 0o600); err != nil {
				return fmt.Errorf("write the configuration: %w", err)
			}
			if err := os.Remove(env.tokenPath(user)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			env.printf("Logged out %s\n", user)
			return nil
		}}
}

func whoamiCommand() Command {
	return Command{Name: "whoami", Summary: "Show who is logged in.", Access: Account,
		Run: func(ctx context.Context, env *Env, _ *argparse.Values) error { return env.whoami(ctx) }}
}

// whoami ends with 0 even for nobody: it is for people.
func (env *Env) whoami(ctx context.Context) error {
	d, err := env.Client.WhoAmI(ctx)
	if client.IsStatus(err, 401) {
		env.println("Not authenticated or authentication token expired")
		return nil
	}
	if err != nil {
		return err
	}
	if env.Format != Table {
		return env.printData(d)
	}
	auth, rbac := client.Dict(d, "authentication"), client.Dict(d, "rbac")
	env.printf("Currently logged in as %q.\n\n", client.String(d, "username"))
	env.printf("Authentication method: %s\n", client.String(auth, "method"))
	if t := client.String(auth, "token_expire"); t != "" {
		env.printf("Authentication token expire time: %s\n", t)
	}
	var roles []string
	for _, r := range client.Array(rbac, "roles") {
		roles = append(roles, py.Str(r))
	}
	enabled, _ := rbac.GetString("enabled")
	env.printf("\nRBAC:\n - Enabled: %s\n - Roles: %s\n", title(enabled == true), strings.Join(roles, ", "))
	return nil
}

// autoLogin gets a token for the user of the configuration, from the cache or
// with the password.
func (env *Env) autoLogin(ctx context.Context) error {
	s := env.Settings
	token := env.cachedToken(s.Username)
	if token == "" {
		d, err := env.Client.Login(ctx, s.Username, s.Password, 0)
		var down *client.Unreachable
		switch {
		case errors.As(err, &down):
			fmt.Fprintf(env.Stderr, "WARNING: the token service does not answer (%s); going on without a login.\n", s.AuthURL)
			return nil
		case err != nil && s.Password == "":
			return fmt.Errorf("the token of %s has ended; log in again with `%s login %s`", s.Username, env.Program, s.Username)
		case err != nil:
			return fmt.Errorf("Failed to authenticate with credentials provided in the config.") // st2's text
		}
		token = client.String(d, "token")
		if err := env.cacheToken(s.Username, d); err != nil {
			fmt.Fprintf(env.Stderr, "WARNING: the token is not kept: %s\n", err)
		}
	}
	s.Token = token
	c, err := s.newClient(env)
	env.Client = c
	return err
}

func (env *Env) tokenPath(user string) string {
	return filepath.Join(filepath.Dir(env.Settings.ConfigFile), "token-"+filepath.Base(user))
}

// early is how long before its end a token counts as ended.
const early = 15 * time.Second

// cachedToken returns a token that still lasts, or "".
func (env *Env) cachedToken(user string) string {
	if !env.Settings.cacheToken {
		return ""
	}
	path := env.tokenPath(user)
	data, err := os.ReadFile(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(env.Stderr, "WARNING: %s\n", err)
		}
		return ""
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		fmt.Fprintf(env.Stderr, "WARNING: %s can be read by other users; chmod 600 it\n", path)
	}
	v, err := py.DecodeJSON(data)
	d := object(v)
	if err != nil || d == nil {
		return ""
	}
	var end int64
	switch n := at(d, "expire_timestamp").(type) {
	case int64:
		end = n
	case float64:
		end = int64(n)
	}
	if env.Now().Add(early).Unix() >= end {
		return ""
	}
	return client.String(d, "token")
}

func at(d *py.Dict, key string) any { v, _ := d.GetString(key); return v }

// cacheToken keeps a token for later commands.
func (env *Env) cacheToken(user string, d *py.Dict) error {
	if !env.Settings.cacheToken {
		return nil
	}
	end, err := time.Parse(time.RFC3339Nano, client.String(d, "expiry"))
	if err != nil {
		return err
	}
	out, err := py.AppendJSON(nil, py.DictOf("token", client.String(d, "token"), "expire_timestamp", end.Unix()))
	if err != nil {
		return err
	}
	return writePrivate(env.tokenPath(user), out, 0o600)
}
