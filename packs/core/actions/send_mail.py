#!/usr/bin/env python3
"""Builds a mail and hands it to sendmail -t.

Arguments, in order: sendmail_binary from to subject send_empty_body
content_type body [attachments]. Exit codes: 0 sent (or nothing to send), 2 the
program is missing or refused the mail.
"""
import mimetypes
import os
import shutil
import socket
import subprocess
import sys
from email.message import EmailMessage


def main(argv):
    argv = argv + [""] * (8 - len(argv))
    binary, sender, to, subject, send_empty, content_type, body, attachments = argv[:8]
    if not body.strip() and send_empty != "1":
        return 0
    program = shutil.which("sendmail") if binary in ("", "None") else binary
    if not program or not os.access(program, os.X_OK):
        print("sendmail is not there: install a mailer or name it in sendmail_binary", file=sys.stderr)
        return 2
    message = compose(sender, to, subject, content_type, body, attachments)
    return 0 if subprocess.run([program, "-t"], input=message.as_bytes()).returncode == 0 else 2


def compose(sender, to, subject, content_type, body, attachments):
    host = socket.getfqdn()
    message = EmailMessage()
    message["From"] = sender if "@" in sender else "%s@%s" % (sender, host)
    message["To"] = to
    message["Subject"] = subject
    main_type, _, sub_type = content_type.partition("/")
    line = "<br><br>" if sub_type == "html" else "\n\n"
    text = "%s%sThis message was sent by %s on %s" % (body, line, os.path.basename(__file__), host)
    if main_type == "text":
        message.set_content(text, subtype=sub_type or "plain", cte="base64")
    else:
        message.set_content(text.encode(), maintype=main_type, subtype=sub_type or "octet-stream")
    for path in filter(None, (p.strip() for p in attachments.split(","))):
        attach(message, path)
    return message


def attach(message, path):
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as err:
        print("not attached: %s" % err, file=sys.stderr)
        return
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    main_type, _, sub_type = kind.partition("/")
    message.add_attachment(content, maintype=main_type, subtype=sub_type, filename=os.path.basename(path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
