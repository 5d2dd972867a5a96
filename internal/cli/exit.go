package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
)

// exit prints an error and returns the program's exit code.
func (env *Env) exit(err error) int {
	var help *argparse.HelpWanted
	var usage *argparse.Error
	var coded *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &help):
		fmt.Fprint(env.Stdout, help.Text)
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(env.Stderr, "%s\n%s\n", usage.Usage, usage.Error())
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(env.Stderr, "interrupted")
		return 130
	case errors.As(err, &coded):
		if coded.err != nil {
			env.complain(coded.err)
		}
		return coded.code
	}
	env.complain(err)
	return exitFailed
}

// complain prints an error where st2 does: on stdout.
func (env *Env) complain(err error) {
	var refusal *client.Error
	var down *client.Unreachable
	defer env.println()
	switch {
	case errors.As(err, &refusal):
		env.printf("ERROR: %s\n", refusalText(refusal))
		if hint := env.hint(refusal); hint != "" {
			env.printf("%s\n", hint)
		}
	case errors.As(err, &down):
		env.printf("ERROR: %s\n", unreachableText(down))
	default:
		env.printf("ERROR: %s\n", err)
	}
}

// refusalText is "400 Client Error: Bad Request" and the server's sentence.
func refusalText(e *client.Error) string {
	kind := "Client"
	switch {
	case e.Status >= 500:
		kind = "Server"
	case e.Status < 400:
		kind = "Redirection"
	}
	text := fmt.Sprintf("%d %s Error: %s", e.Status, kind, http.StatusText(e.Status))
	if e.Fault != "" {
		text += "\nMESSAGE: " + e.Fault
	}
	return text + " for url: " + e.URL
}

// hint says what to do about a refused identity.
func (env *Env) hint(e *client.Error) string {
	if e.Status != http.StatusUnauthorized || env.Settings == nil {
		return ""
	}
	s := env.Settings
	if s.Token == "" && s.APIKey == "" {
		return fmt.Sprintf("Nobody is logged in: use `%s login USER`, set ST2_API_KEY, or read the server's credentials with --data-dir.", env.Program)
	}
	return ""
}

// unreachableText is one sentence with the address and what to do.
func unreachableText(e *client.Unreachable) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	switch {
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return fmt.Sprintf("No server answers at %s; start one with `gale server`, or name another with --url or ST2_BASE_URL.", e.URL)
	case errors.As(e.Err, &unknown), errors.As(e.Err, &host), errors.As(e.Err, &invalid):
		return fmt.Sprintf("The certificate of %s is not trusted (%s); give its CA with --cacert FILE, or --cacert false to trust any.", e.URL, cause(e.Err))
	case errors.As(e.Err, &dns):
		return fmt.Sprintf("The host of %s is not known (%s); name another with --url or ST2_BASE_URL.", e.URL, dns.Err)
	}
	return fmt.Sprintf("No answer from %s: %s.", e.URL, strings.TrimSuffix(cause(e.Err), "."))
}

// cause is the innermost error's text.
func cause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
