package cli

import (
	"context"
	"errors"

	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

const usersPath = "/_gale/users"

func userCommand() Command {
	return Command{Name: "user", Summary: "Local users of the server.",
		Help:     "Users whose passwords the server itself keeps. Only administrators can see and change them.",
		Commands: []Command{userList(), userAdd()}}
}

func userList() Command {
	return Command{Name: "list", Summary: "Show the list of users.", Args: []argparse.Arg{attrArg, widthArg},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			page, err := env.Client.List(ctx, usersPath, nil)
			if err != nil {
				return err
			}
			v := view{attrs: firstList(args.Strings("attr"), []string{"name", "is_admin", "is_service", "created"}), widths: args.Ints("width")}
			return env.printList(page.Items, v)
		}}
}

func userAdd() Command {
	return Command{Name: "add", Aliases: []string{"create"}, Summary: "Add a user.",
		Help: "Add a user. The password is asked for twice, or read as one line when stdin is no terminal.",
		Args: []argparse.Arg{
			argparse.Positional("name", "", "Name of the user."),
			argparse.Flag("The user may do everything.", "--admin"),
			argparse.Flag("The user is a program: no password.", "--service"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			body := py.DictOf("name", args.String("name"), "is_admin", args.Bool("admin"), "is_service", args.Bool("service"))
			if !args.Bool("service") {
				password, err := env.newPassword()
				if err != nil {
					return err
				}
				body.Set("password", password)
			}
			d, err := env.Client.Post(ctx, usersPath, body)
			if err != nil {
				return refused(err)
			}
			return env.printOne(d, view{order: []string{"id", "name", "is_admin", "is_service"}})
		}}
}

// newPassword asks for a password, twice on a terminal.
func (env *Env) newPassword() (string, error) {
	password, err := env.Secret("Password: ")
	if err != nil || password == "" {
		return "", errors.Join(errors.New("a password is needed"), err)
	}
	if !env.interactive() {
		return password, nil
	}
	again, err := env.Secret("Again: ")
	if err != nil {
		return "", err
	}
	if again != password {
		return "", errors.New("the passwords differ")
	}
	return password, nil
}
